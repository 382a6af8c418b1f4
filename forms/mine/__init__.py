"""A resident's own record: what is held about them, who looked, what they correct and take back; by sealed letters."""
