raise ImportError("read READ-ME-FIRST.txt in this worktree before you go on")
