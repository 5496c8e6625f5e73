"""Running sampan: the command, the supervisor, the doctor, the scaffold."""
