"""One picture of a run: every row with a ratio to Kafka as a bar with its 90 % interval and its target."""

import html

WIDTH, LEFT, RIGHT, LINE, TOP = 1000, 360, 120, 22, 60


def svg(document):
    rows = [row for row in document["rows"] if row["judged_on"] == "milena / kafka"]
    span = max([1.2, *(min(row["interval_90"][1], 4) for row in rows)])
    height = TOP + LINE * len(rows) + 30

    def x(ratio):
        return LEFT + (WIDTH - LEFT - RIGHT) * min(ratio, span) / span

    title = f"Milena {document['commit']} / {document['oracle']}, {document['date']}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="22" font-size="16">{html.escape(title)}</text>',
        '<text x="12" y="42" fill="#555">bar: median of the rounds; line: 90 % interval; 1 is Kafka</text>',
        f'<line x1="{x(1)}" x2="{x(1)}" y1="{TOP - 8}" y2="{height - 20}" stroke="#888" stroke-dasharray="4 3"/>',
    ]
    for number, row in enumerate(rows):
        y = TOP + LINE * number
        low, high = row["interval_90"]
        colour = "#2a7" if row["passes"] else "#c33"
        verdict = f"{row['median']:.2f}  {html.escape(row['target'])}"
        parts += [
            f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{html.escape(row["name"].strip())}</text>',
            f'<rect x="{LEFT}" y="{y + 2}" width="{x(row["median"]) - LEFT:.1f}" height="13" fill="{colour}"/>',
            f'<line x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y + 8}" y2="{y + 8}" stroke="#000"/>',
            f'<text x="{WIDTH - RIGHT + 8}" y="{y + 12}" fill="{colour}">{verdict}</text>',
        ]
    return "\n".join([*parts, "</svg>\n"])
