"""Action links: the addresses by which somebody outside answers, and the pages behind them."""
