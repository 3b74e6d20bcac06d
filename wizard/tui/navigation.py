"""From step to step: which screen comes when, and what begins with it.

A screen is imported when it is first shown: the first one must not wait for those after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.tui.widgets.trail import STEPS

if TYPE_CHECKING:
    from deployment.sequence import Deployment
    from review.plan.changes import Plan
    from wizard.tui.activity import Activity, Kind
    from wizard.tui.app import WizardApp
    from wizard.tui.draft import Draft
    from wizard.tui.review import Review


def show_questions(app: WizardApp, draft: Draft) -> None:
    """Ask about a configuration, beginning with these answers."""
    from wizard.tui.screens.questions import Questions

    app.settle(draft)
    back_to(app, "Start")
    app.push_screen(Questions())


def show_more(app: WizardApp, key: str | None = None) -> None:
    """Show all other settings, beginning with one question."""
    from wizard.tui.screens.more import More

    app.push_screen(More(key))


def show_problem(app: WizardApp, key: str) -> None:
    """Go to a question whose answer is not right."""
    from wizard.tui.screens.step import Asking

    for screen in reversed(app.screen_stack):
        if isinstance(screen, Asking) and screen.asks(key):
            asking = screen
            while app.screen is not asking:
                app.pop_screen()
            asking.enter(key)
            return
    show_more(app, key)


def show_review(app: WizardApp, review: Review) -> None:
    """Show what saving would do."""
    from wizard.tui.screens.review import ShowReview

    app.push_screen(ShowReview(review))


def show_plan(app: WizardApp, deployment: Deployment) -> None:
    """Plan a deployment, and show how that goes."""
    from wizard.tui.screens.plan import ShowPlan

    checks = app.ports.preflight(deployment.config)
    if activity := app.begin("plan", deployment, deployment.plan(), checks=checks):
        app.work(activity.follow(), "run")
        app.push_screen(ShowPlan(activity, destroy=deployment.destroys))


def carry_out(app: WizardApp, planned: Activity, plan: Plan, *, destroy: bool) -> None:
    """Deploy or destroy what was planned, and show how that goes."""
    from wizard.tui.tasks import running

    kind: Kind = "destroy" if destroy else "deploy"
    deployment = planned.deployment
    if activity := app.begin(kind, deployment, deployment.carry_out(), plan=plan):
        app.work(running.carry_out(app, activity), "run")
        show_deployment(app)


def show_deployment(app: WizardApp) -> None:
    """Show the deployment that runs, or ran last."""
    from wizard.tui.screens.deploy import ShowDeployment

    if app.activity is not None and app.activity.kind != "plan":
        back_to(app, "Start")
        app.push_screen(ShowDeployment(app.activity))


def show_done(app: WizardApp, activity: Activity) -> None:
    """Show what came of a deployment."""
    from wizard.tui.screens.done import Done

    back_to(app, "Start")
    app.push_screen(Done(activity))


def back_to(app: WizardApp, step: str) -> None:
    """Leave every screen that is further than a step."""
    from wizard.tui.screens.step import Step

    wanted = STEPS.index(step)
    while len(app.screen_stack) > 1 and (
        not isinstance(app.screen, Step) or STEPS.index(app.screen.STEP) > wanted
    ):
        app.pop_screen()
