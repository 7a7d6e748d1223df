"""What is there: the images below a folder, found without opening one."""
