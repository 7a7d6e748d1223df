from smalti.core.progress import RichProgress, State, facts


def test_progress_names_rate_time_left_and_failures():
    assert facts(State(done=50, total=100, failed=2, seconds=5.0)) == "10 files/s, 5 s left, 2 failed"


def test_before_the_first_file_no_time_left_is_invented():
    assert facts(State(done=0, total=100)) == "0.0 files/s, 0 failed"


def test_the_bar_goes_to_stderr_and_leaves_stdout_alone(capsys):
    bar = RichProgress()
    bar.update(State(1, 2, seconds=1.0))
    bar.close()
    assert capsys.readouterr().out == ""


def test_bars_leave_no_empty_line_where_there_is_no_terminal(capsys):
    never_shown, shown = RichProgress(), RichProgress()
    never_shown.close()
    shown.update(State(1, 2))
    shown.close()
    assert capsys.readouterr() == ("", "")
