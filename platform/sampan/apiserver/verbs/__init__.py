"""What each verb does, one file each."""
