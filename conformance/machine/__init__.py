"""What the machine does to a command: signals, full disks, closed outputs, folders in use."""
