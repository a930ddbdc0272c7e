"""The side of execution that lives in the site's own Python: standard library only.

    main        how a process becomes a zygote, or runs one post
    zygote      imports once what posts import, forks one process per post
    supervisor  keeps a post within its limits, leaves nothing running
    copies      what a post and its supervisor both see
    runner      runs the cells of one post
    streams, display, figures, program, tracebacks, seeds, magics, kernel   what it is made of

The other side talks to it in lines of JSON and never loads anything else from it.
"""
