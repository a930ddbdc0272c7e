"""The side of execution that lives in the site's own Python: standard library only.

    main        how a process becomes a zygote, or runs one post
    zygote      imports once what posts import, forks one process per post
    supervisor  runs a post in a process of its own, which guard keeps within its limits
    copies      what a post and its supervisor both see
    runner      runs the steps of one post; cells says how a cell runs
    fed         a post whose steps come one by one; snapshots copies its process in between
    effects     what a run did that a copy could not take back
    observe     watches it: observations, paths, environment, seek, modules, impure, watched
    trace       makes of that what has to be the same for the post to put out the same
    streams, display, figures, program, sources, tracebacks, seeds, magics, kernel   its parts

The other side talks to it in lines of JSON, and loads from it only what that takes: protocol, and
the names of variables in environment.
"""
