"""The residents' portal: a process of its own that knows the mailbox and nothing else."""
