"""What agent and launcher say to each other over the attach socket: frames of channel, length and bytes.

Standard library only: the launcher imports it too.
"""

import struct

STDIN, STDOUT, STDERR, ENDED, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
HEAD = struct.Struct("!BI")  # channel, length of what follows
