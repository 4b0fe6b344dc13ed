"""The rules of realised return once more, bar by bar and asset by asset, slowly and plainly."""

import math


def last_price(prices, bar, asset):
    """Return the price, or the last one before it; None if there was none."""
    for earlier in range(bar, -1, -1):
        if not math.isnan(prices[earlier][asset]):
            return prices[earlier][asset]
    return None


def account(weights, positions, prices, *, horizon, every, costs, delay, end=None, impact=None):
    """Return one dict a bar: net, gross, trading, borrow, interest, turnover, exposure, stale, unfilled."""
    assets = range(len(prices[0]))
    end = len(prices) - 1 if end is None else min(end, len(prices) - 1)
    due = {signal + delay: number for number, signal in enumerate(positions) if signal + delay <= end}
    sleeves = [[0.0 for _ in assets] for _ in range(math.ceil(horizon / every))]
    cash, days = 1.0, []
    for bar in range(min(due), min(max(due) + every, end) + 1):
        before = 1.0 if not days else days[-1]["value"]
        units = [sum(sleeve[i] for sleeve in sleeves) for i in assets]
        now = [last_price(prices, bar, i) for i in assets]
        day = dict.fromkeys(("gross", "borrow", "interest", "trading", "turnover", "stale", "unfilled"), 0.0)
        if days:
            then = [last_price(prices, bar - 1, i) for i in assets]
            day["gross"] = sum(units[i] * (now[i] - then[i]) for i in assets if units[i]) / before
            short = sum(max(-units[i] * then[i], 0.0) for i in assets if units[i])
            day["borrow"] = costs.borrow * short / before
            day["interest"] = costs.cash * cash / before
            cash += (day["interest"] - day["borrow"]) * before
        if bar in due:
            value = cash + sum(units[i] * now[i] for i in assets if units[i])
            sleeve = sleeves[due[bar] % len(sleeves)]
            for i in assets:
                target = weights[due[bar]][i] * value / len(sleeves)
                if math.isnan(prices[bar][i]):
                    day["unfilled"] += abs(target) / value
                    target = 0.0
                size = 0.0 if now[i] is None else abs(target - sleeve[i] * now[i])
                cost = costs.trading * size + (0.0 if impact is None else impact[bar][i] * size**1.5)
                if now[i] is not None:
                    cash -= target - sleeve[i] * now[i] + cost
                    sleeve[i] = target / now[i]
                day["turnover"] += size / value / 2
                day["trading"] += cost / before
        units = [sum(sleeve[i] for sleeve in sleeves) for i in assets]
        held = {i: units[i] * now[i] for i in assets if units[i]}
        day["value"] = cash + sum(held.values())
        day["net"] = day["value"] / before - 1
        day["exposure"] = sum(map(abs, held.values())) / day["value"]
        day["net_exposure"] = sum(held.values()) / day["value"]
        day["stale"] = sum(abs(held[i]) for i in held if math.isnan(prices[bar][i])) / day["value"]
        days.append(day)
    return days
