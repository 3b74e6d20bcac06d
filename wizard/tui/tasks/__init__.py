"""What takes time: coroutines that take the session and return values. They know no screen.

The app runs them in its workers, so that no key press waits, and shows whatever they raise.
"""
