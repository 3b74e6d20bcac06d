"""The terminal app: `app` holds it together, `screens` are its steps, `widgets` what they show.

What the screens know without a terminal stands in modules of its own: `draft` and `drafts` (the
answers), `clusters` (what there is), `preview` and `review` (what follows), `progress` (a run).
`ports` is what the app reaches beyond itself, `live` does it for real.
"""
