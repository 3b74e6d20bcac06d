"""What takes time: coroutines that the app runs as its workers, so that no key press waits.

They may ask the person something in between. Whatever they raise, the app shows.
"""
