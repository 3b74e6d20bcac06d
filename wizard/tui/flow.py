"""The app's flow: what it does when a screen wants something, and which screen comes when.

Whatever waits for a file, a process or the network runs in a worker of the app (`work`), and is one
of `wizard.tui.tasks`. A screen is imported when it is first shown: the first one must not wait for
those after it.
"""

from __future__ import annotations

import importlib
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import App
from textual.screen import Screen

from federation.errors import OidcIamError
from wizard.tui import wants
from wizard.tui.screens.start import Start
from wizard.tui.screens.step import AskingScreen, StepScreen
from wizard.tui.session import AppSession
from wizard.tui.tasks import checking, copying, opening
from wizard.tui.widgets.trail import STEPS

if TYPE_CHECKING:
    from deployment.sequence import Deployment
    from federation.model.config import ClusterConfig
    from review.plan.changes import Plan
    from wizard.tui.activity import Activity, Kind
    from wizard.tui.clusters import ClusterEntry
    from wizard.tui.draft import Draft
    from wizard.tui.drafts import Kept
    from wizard.tui.outside import Outside
    from wizard.tui.review import ChangedMeanwhileError, Review

_SCREENS = {
    "Questions": "wizard.tui.screens.questions",
    "More": "wizard.tui.screens.more",
    "EditWorkload": "wizard.tui.screens.workload",
    "ShowReview": "wizard.tui.screens.review",
    "ShowPlan": "wizard.tui.screens.plan",
    "ShowDeployment": "wizard.tui.screens.deploy",
    "Done": "wizard.tui.screens.done",
    "Help": "wizard.tui.screens.help",
    "Ask": "wizard.tui.screens.dialogs",
    "Asked": "wizard.tui.screens.dialogs",
}
"""All screens but the first one, with their modules."""

_NEEDED_SOON = ("Questions", "More", "ShowReview")


class FlowApp(App[None]):
    """The app, as far as it goes from screen to screen."""

    def __init__(self, project: Path, outside: Outside | None = None) -> None:
        super().__init__()
        self.session = AppSession(
            project, outside, prepare=_import_needed_soon, complain=self.complain
        )

    def get_default_screen(self) -> Screen[Any]:
        """The first step."""
        return Start(self.session)

    @property
    def start(self) -> Start:
        """The first step, below all others."""
        screen = self.screen_stack[0]
        assert isinstance(screen, Start)  # noqa: S101
        return screen

    def complain(self, text: str) -> None:
        """Say that a draft cannot be written; called from a thread."""
        message = f"{text} Your answers are not safe until you save them."
        self.call_later(self.notify, message, title="No draft", severity="error", markup=False)

    def work(self, task: Coroutine[Any, Any, None], group: str) -> None:
        """Do something that takes time, instead of what is being done about the same.

        Args:
            task: What to do.
            group: What it is about.
        """
        self.run_worker(task, group=group, exclusive=True, exit_on_error=False)

    def make_screen(self, name: str, *args: Any, **options: Any) -> Screen[Any]:
        """A screen of the table; the module is imported if it has to be."""
        made: Screen[Any] = getattr(importlib.import_module(_SCREENS[name]), name)(*args, **options)
        return made

    def show(self, name: str, *args: Any, **options: Any) -> None:
        """Show a screen of the table."""
        self.push_screen(self.make_screen(name, *args, **options))

    def show_deployment(self) -> None:
        """Show the deployment that runs, or ran last."""
        activity = self.session.activity
        if activity is not None and activity.kind != "plan":
            self.back_to("Start")
            self.show("ShowDeployment", self.session, activity)

    def back_to(self, step: str) -> None:
        """Leave every screen that is further than a step."""
        wanted = STEPS.index(step)
        while len(self.screen_stack) > 1 and (
            not isinstance(self.screen, StepScreen) or STEPS.index(self.screen.STEP) > wanted
        ):
            self.pop_screen()

    @on(wants.Wanted)
    def _do(self, event: wants.Wanted) -> None:
        match event.want:
            case wants.ListClusters():
                self.work(self._list_clusters(), "clusters")
            case wants.CheckMachine():
                self.work(self._check_machine(), "machine")
            case wants.NewConfiguration():
                self.work(self._begin_draft(), "open")
            case wants.OpenEntry(entry):
                self.work(self._open_entry(entry), "open")
            case wants.DropDraft(kept):
                self.work(self._drop_draft(kept), "open")
            case wants.OpenSettings(key):
                self.show("More", self.session, key)
            case wants.OpenWorkload(at, key):
                self.show("EditWorkload", self.session, at, key)
            case wants.ReviewAnswers():
                self._review_answers()
            case wants.ProbeCluster():
                self.work(self._probe_cluster(), "probe")
            case wants.WriteTerraform(config):
                self.work(self._write_terraform(config), "terraform")
            case wants.SaveReview(review, then_plan):
                self.work(self._save_review(review, then_plan=then_plan), "save")
            case wants.PlanFile(path, destroys):
                self.work(self._plan_file(path, destroys=destroys), "open")
            case wants.PlanDeployment(deployment):
                self._plan_deployment(deployment)
            case wants.CarryOut(deployment, plan):
                self._carry_out(deployment, plan)
            case wants.OpenDone(activity):
                self.back_to("Start")
                self.show("Done", self.session, activity)
            case wants.ProveFederation(config):
                self.work(self._prove_federation(config), "proof")
            case wants.CopyLog(log, to):
                self.work(self._copy_log(log, to), "copy")
            case wants.GoBack(step):
                self.back_to(step)

    # Opening

    async def _list_clusters(self) -> None:
        self.start.show(await opening.cluster_entries(self.session))

    async def _check_machine(self) -> None:
        outside = (await self.session.load()).outside
        await self.start.results.follow(outside.check_machine(), "Checking this machine …")

    async def _begin_draft(self) -> None:
        self._ask_about(await opening.new_draft(self.session))

    async def _open_entry(self, entry: ClusterEntry) -> None:
        if entry.kept is not None:
            wanted = (
                "draft"
                if entry.path is None
                else await self._choose_draft_or_file(entry, entry.kept)
            )
            if wanted == "draft":
                await self.session.load()
                self._ask_about(entry.kept.draft)
            if wanted != "file":
                return
        if entry.problems:
            await self._show_problems(entry)
        elif entry.path is not None:
            self._ask_about(await opening.draft_of(self.session, entry.path))

    async def _choose_draft_or_file(self, entry: ClusterEntry, kept: Kept) -> str:
        text = (
            f"Your answers about {entry.name} from {kept.changed:%d %B, %H:%M} were not saved. "
            "Continue with them, or open the file unchanged? The draft stays until you save or "
            "drop it."
        )
        return await self._ask("Draft", text, ("draft", "Continue"), ("file", "Open the file"))

    async def _show_problems(self, entry: ClusterEntry) -> None:
        text = "\n".join((*entry.problems, "", "Correct it in an editor, then check again."))
        title = f"clusters/{entry.name}.yaml"
        if await self._ask(title, text, ("again", "Check again"), ("", "Close")):
            await self._list_clusters()

    async def _drop_draft(self, kept: Kept) -> None:
        about = kept.draft.path.name if kept.draft.path else "a new configuration"
        text = (
            f"The answers about {about} from {kept.changed:%d %B, %H:%M} were not saved. Drop them?"
        )
        if await self._ask("Draft", text, ("", "Keep"), ("yes", "Drop")):
            await self.session.drop_draft(kept.draft.name)
            await self._list_clusters()

    def _ask_about(self, draft: Draft) -> None:
        self.session.settle(draft)
        self.back_to("Start")
        self.show("Questions", self.session)

    # Answers and their review

    def _review_answers(self) -> None:
        if problems := self.session.draft.problems():
            self._show_problem(next(iter(problems)))
        else:
            self.work(self._show_review(), "review")

    def _show_problem(self, key: str) -> None:
        """Go to a question whose answer is wrong."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, AskingScreen) and screen.asks(key):
                asking = screen
                while self.screen is not asking:
                    self.pop_screen()
                asking.enter(key)
                return
        self.show("More", self.session, key)

    async def _show_review(self) -> None:
        from wizard.tui.tasks import saving

        self.show("ShowReview", self.session, await saving.review_draft(self.session))

    async def _probe_cluster(self) -> None:
        results = self._find_screen("Questions").results
        target = checking.probe_target(self.session)
        if isinstance(target, str):
            await results.clear()
            results.say(target)
            return
        outside = (await self.session.load()).outside
        await results.follow(outside.probe(target), f"Probing {target.issuer_host} …")

    async def _write_terraform(self, config: ClusterConfig) -> None:
        try:
            stacks = await self.session.outside.terraform(config)
        except OidcIamError as error:
            if screen := self._find_screen("ShowReview"):
                screen.say_terraform(str(error))
        else:
            if screen := self._find_screen("ShowReview"):
                screen.show_terraform(stacks)

    async def _save_review(self, review: Review, *, then_plan: bool) -> None:
        from wizard.tui.review import ChangedMeanwhileError
        from wizard.tui.tasks import saving

        saved: Review | None = review
        try:
            await saving.save_review(review)
        except ChangedMeanwhileError as error:
            saved = await self._resolve(review, error)
        if saved is None:
            return
        settled = await saving.settle_review(self.session, saved)
        screen = self._find_screen("ShowReview")
        screen.show(settled)
        if not then_plan:
            self.notify(f"clusters/{settled.path.name} is saved.", title="Saved", markup=False)
            return
        # Leave the machine to the plan, which makes the same Terraform.
        screen.has_given_up = bool(self.workers.cancel_group(self, "terraform"))
        outside = self.session.outside
        self._plan_deployment(outside.deployment(settled.path, settled.config, destroys=False))

    async def _resolve(self, review: Review, error: ChangedMeanwhileError) -> Review | None:
        """Ask what to do about another program's changes; what was saved then."""
        from wizard.tui.tasks import saving

        answers: tuple[tuple[str, str], ...]
        if not review.known:
            text = f"{error} Put your values into it, or go back and choose another cluster name?"
            answers = (("", "Go back"), ("mine", "Put mine into it"))
        else:
            text = f"{error} Nothing was written yet."
            answers = (
                ("both", "Keep both changes"),
                ("mine", "Only mine"),
                ("theirs", "Only theirs"),
            )
        match await self._ask("Changed meanwhile", text, *answers):
            case "both":
                overruled = await saving.merge_file(self.session, review.path)
                self._find_screen("ShowReview").show(await saving.review_draft(self.session))
                self.notify(
                    "Both changed the workloads: yours are kept. Check the rest, then save."
                    if overruled
                    else "The answers have both changes now. Check them, then save."
                )
            case "mine":
                mine = await saving.review_draft(self.session)
                self._find_screen("ShowReview").show(mine)
                await saving.save_review(mine, agreed=True)
                return mine
            case "theirs":
                name = self.session.draft.name
                self._ask_about(await opening.draft_of(self.session, review.path))
                await self.session.drop_draft(name)
        return None

    # Plan, deployment and proof

    async def _plan_file(self, path: Path, *, destroys: bool) -> None:
        self._plan_deployment(await opening.deployment_of(self.session, path, destroys=destroys))

    def _plan_deployment(self, deployment: Deployment) -> None:
        checks = self.session.outside.preflight(deployment)
        if not self._is_busy():
            activity = self.session.begin("plan", deployment, deployment.plan(), checks=checks)
            self.work(activity.follow(), "run")
            self.show("ShowPlan", self.session, activity)

    def _carry_out(self, deployment: Deployment, plan: Plan) -> None:
        if not self._is_busy():
            kind: Kind = "destroy" if deployment.destroys else "deploy"
            activity = self.session.begin(kind, deployment, deployment.carry_out(), plan=plan)
            self.work(self._follow(activity), "run")
            self.show_deployment()

    def _is_busy(self) -> bool:
        if why := self.session.busy:
            self.notify(why, title="Not now", severity="warning")
        return bool(why)

    async def _follow(self, activity: Activity) -> None:
        """Follow a deployment to its end, and say how it ended on any screen."""
        from deployment.cdktf.events import Failed, Succeeded

        await activity.follow()
        cluster, outcome = activity.cluster, activity.progress.outcome
        done = "destroyed" if activity.deployment.destroys else "deployed"
        if isinstance(outcome, Succeeded):
            self.notify(f"{cluster} is {done}.", title="Done")
        elif isinstance(outcome, Failed):
            text = f"{cluster} could not be {done}."
            self.notify(text, title="Failed", severity="error")
        else:
            self.notify(f"{cluster}: Terraform stopped cleanly.", title="Cancelled")
        await self._list_clusters()

    async def _prove_federation(self, config: ClusterConfig) -> None:
        outside = (await self.session.load()).outside
        await self._find_screen("Done").results.follow(outside.prove(config), "Proving …")

    async def _copy_log(self, log: Path, to: Path) -> None:
        target = await copying.copy_log(log, to)
        self.notify(_display_path(target), title="The log was copied", markup=False)

    async def write_picture(self, picture: str, to: Path) -> None:
        """Write a picture of a screen, and say where it is."""
        target = await copying.write_picture(picture, to)
        self.notify(_display_path(target), title="The picture was written", markup=False)

    async def _ask(self, title: str, text: str, *answers: tuple[str, str]) -> str:
        answer: str = await self.push_screen_wait(self.make_screen("Ask", title, text, answers))
        return answer

    def _find_screen(self, name: str) -> Any:
        """The topmost screen of a kind; None if it was left meanwhile."""
        return next(
            (each for each in reversed(self.screen_stack) if type(each).__name__ == name), None
        )


def _import_needed_soon() -> None:
    for name in _NEEDED_SOON:
        importlib.import_module(_SCREENS[name])


def _display_path(path: Path) -> str:
    from deployment.logs import display_path

    return display_path(path)
