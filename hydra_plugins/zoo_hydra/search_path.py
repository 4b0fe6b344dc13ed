"""A user's own configuration directory wins over zoo's: `ZOO_CONF`."""

from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.plugins.search_path_plugin import SearchPathPlugin

from zoo.configuration import conf_dir, user_conf_dir


class ZooSearchPath(SearchPathPlugin):
    """Puts the user's directory before zoo's conf/, and leaves other applications alone."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Prepend `ZOO_CONF` where the application is zoo."""
        ours = str(conf_dir())
        if not any(item.provider == "main" and item.path == ours for item in search_path.get_path()):
            return
        user = user_conf_dir()
        if user is not None:
            search_path.prepend(
                provider="zoo-user", path=f"file://{user}", anchor=SearchPathQuery(provider="main")
            )


__all__ = ["ZooSearchPath"]
