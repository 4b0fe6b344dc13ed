"""What `--help` prints. Nothing is imported for it but what says where conf/ lies."""

from __future__ import annotations

import os
from typing import Final

from zoo.commands.arguments import COMMANDS
from zoo.configuration import USER_CONF, conf_dir

_HELP: Final = """\
usage: python -m zoo [command] [flags] [key=value ...]        in any order

A YAML spec names finished experiments. zoo proves that they still reproduce,
refits them on all data with the spec's overrides, and registers each permutation
as a versioned challenger.

commands
{commands}

examples
  python -m zoo spec=residual_momentum       one spec
  python -m zoo spec=residual_momentum controls=true    only if its twins pass
  python -m zoo -m                           every active spec
  python -m zoo -m spec=residual_momentum,horizon_60d
  python -m zoo plan -m                      what would run, and what it changes
  python -m zoo list
  python -m zoo versions spec=residual_momentum format=json
  python -m zoo show version=<id>
  python -m zoo experiment experiment=momentum overwrite=true
  python -m zoo experiment experiment=momentum resume=true n_jobs=2
  python -m zoo trials line=us_equity
  python -m zoo promote version=<id> [gate=first]
  python -m zoo promote version=<id> gate=override reason="asked by the fund"
  python -m zoo select [auto=true]
  python -m zoo drift line=us_equity [drift.bars=252] [strict=true]
  python -m zoo attribute spec=residual_momentum
  python -m zoo champion line=us_equity
  python -m zoo history line=us_equity
  python -m zoo rollback line=us_equity expect=<id>
  python -m zoo diff a=<id> b=<id>
  python -m zoo gc                           what could be deleted; dry_run=false
  python -m zoo analyze experiment=momentum [by=val_rank_ic] [page=report.html]
  python -m zoo report [line=us_equity] [out=report.html]
  python -m zoo verify
  python -m zoo verify leakage line=us_equity               later bars are changed
  python -m zoo mirror mirror=mlflow mirror.uri=http://127.0.0.1:5000

overrides: any key of the configuration, as in Hydra
  spec=<name>                a file of conf/spec; with -m also a,b or 'glob(*)'
  spec.overrides.forward_days=42             another override for this run
  spec.sources.0.permutations=[3]            other permutations for this run
  format=json                one JSON document on stdout, all else on stderr
  paths.outputs=<dir>        where runs and the registry are written
  registry.url=<url>         the store of versions
  controls=true              apply: permuted labels must stay hidden and a planted
                             rank IC be found, or nothing of a spec is registered
  promotion.twins.seed=1     the labels of these twins; also .size and .rank_ic
  attribution.draws=2000     attribute: of the bootstrap; also .seed and .level
  expect=<id>                promote, rollback: only in the place of this champion
  rotation.budget=3          with -m: the three specs that have waited longest
  notify.url=<url>           promotions, rollbacks and failures are posted there,
                             signed with ZOO_NOTIFY_SECRET
  mirror=mlflow mirror.uri=<url>             an MLflow server shows the registry
  settings.values.<name>=<value>             a setting, for experiments
  trust.prefixes=[zoo.,sklearn.,my_lab.]     what a file may have imported
  hydra/launcher=zoo|joblib|basic            how -m spreads its specs; whichever it
                             is, each spec runs in a process of its own

flags
  -m, --multirun             several specs: every active one, unless spec= is given
  --cfg job                  print the composed configuration
  -cd, --config-dir <dir>    further configuration, looked at after zoo's own
  --info, --hydra-help       Hydra's own
  --version, -h, --help

configuration
  {conf}
  {user}

exit codes
  0  all well                                    130  stopped by SIGINT (Ctrl-C)
  1  something failed, all the rest was done     143  stopped by SIGTERM
  2  nothing ran: usage, configuration, or a retired spec by name
"""


def help_text() -> str:
    """Return the text of `--help`."""
    user = os.environ.get(USER_CONF)
    return _HELP.format(
        commands="\n".join(f"  {name:<12}{sentence}" for name, sentence in COMMANDS.items()),
        conf=conf_dir(),
        user=f"{user} ({USER_CONF}) wins over it, file by file"
        if user
        else f"a directory of your own, named by {USER_CONF}, wins over it, file by file",
    )


__all__ = ["help_text"]
