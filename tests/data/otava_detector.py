"""Answers each line of JSON, values and a p-value, with the change points that apache-otava finds, as a line of JSON.

It runs in an environment of its own, with apache-otava in it and nothing of this suite.
"""

import json
import sys

from otava.analysis import compute_change_points


def main():
    for line in sys.stdin:
        values, max_p_value = json.loads(line)
        points, _ = compute_change_points(values, max_pvalue=max_p_value) if len(values) > 1 else ([], None)
        print(json.dumps([int(point.index) for point in points]), flush=True)


if __name__ == "__main__":
    main()
