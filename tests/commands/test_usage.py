from zoo.commands.arguments import COMMANDS
from zoo.commands.usage import help_text
from zoo.configuration import conf_dir


def test_help_names_every_command_and_where_the_configuration_lies():
    text = help_text()
    for name, sentence in COMMANDS.items():
        assert f"  {name}" in text
        assert sentence in text
    assert str(conf_dir()) in text


def test_help_fits_a_terminal_and_explains_the_exit_codes():
    text = help_text()
    assert max(len(line) for line in text.splitlines() if str(conf_dir()) not in line) <= 84
    for code in ("0", "1", "2", "130", "143"):
        assert f"  {code}  " in text


def test_help_says_which_directory_of_the_user_s_wins(monkeypatch):
    monkeypatch.setenv("ZOO_CONF", "/my/conf")
    assert "/my/conf (ZOO_CONF) wins over it" in help_text()
