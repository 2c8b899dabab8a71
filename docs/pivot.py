"""The table of a paper from a report, by pandas and by polars: mean test accuracy of the selected epochs,
strategies and fusion methods down, data sets across.

usage: python3 docs/pivot.py reports/full/vN    needs pandas with pyarrow, and polars
"""

import sys

import pandas
import polars

file = f"{sys.argv[1]}/results.parquet"

frame = pandas.read_parquet(file).query("selected and split == 'test' and metric == 'accuracy_fraction'")
by_pandas = frame.pivot_table("value", ["fusion", "strategy", "modality"], "dataset", dropna=False, observed=True)

chosen = polars.read_parquet(file).filter(selected=True, split="test", metric="accuracy_fraction")
by_polars = chosen.pivot("dataset", index=["fusion", "strategy", "modality"], values="value", aggregate_function="mean")

print(by_pandas.dropna(how="all"))
print(by_polars)
