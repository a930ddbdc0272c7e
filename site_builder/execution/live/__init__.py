"""Posts under `serve`: their processes are kept, so that an edit runs what it changes and no more.

live      all posts: what a save does, and what is kept of the processes
post      one post: what is wanted, what can be shown at this moment
work      its thread: runs what is wanted, then lets a process run ahead
drive     one process and the steps that it is given
states    processes that wait: snapshots, the end of a run, one that ran ahead
world     the Python that they share, and whose turn it is
plan      the steps of a post, by their keys
attempt   what came of the steps, and what can be shown of it
shown     what the preview gets
"""
