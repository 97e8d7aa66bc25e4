using System.Globalization;
using System.Text;

namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>A set of code points, written as a .NET character class.</summary>
internal sealed class CodeSet
{
    private readonly List<(int Low, int High)> _ranges = [];

    public void Add(int low, int high) => _ranges.Add((low, high));

    public void AddAll(CodeSet other) => _ranges.AddRange(other._ranges);

    public CodeSet Complement()
    {
        var made = new CodeSet();
        var next = 0;
        foreach (var (low, high) in Sorted())
        {
            if (low > next)
                made.Add(next, low - 1);
            next = high + 1;
        }

        if (next <= 0x10FFFF)
            made.Add(next, 0x10FFFF);
        return made;
    }

    private List<(int Low, int High)> Sorted()
    {
        var sorted = new List<(int Low, int High)>();
        foreach (var (low, high) in _ranges.OrderBy(r => r.Low))
        {
            if (sorted.Count > 0 && low <= sorted[^1].High + 1)
                sorted[^1] = (sorted[^1].Low, Math.Max(sorted[^1].High, high));
            else
                sorted.Add((low, high));
        }

        return sorted;
    }

    public string Write(bool unicode, bool negated)
    {
        var ranges = Sorted();
        if (!unicode)
            return WriteUnits(ranges, negated);
        var alternatives = new List<string>();
        var plain = Cut(ranges, 0, 0xD7FF).Concat(Cut(ranges, 0xE000, 0xFFFF)).ToList();
        if (plain.Count > 0)
            alternatives.Add(WriteUnits(plain, negated: false));
        foreach (var (low, high) in Cut(ranges, 0x10000, 0x10FFFF))
            WritePairs(alternatives, low, high);
        var highs = Cut(ranges, 0xD800, 0xDBFF).ToList();
        if (highs.Count > 0)
            alternatives.Add(WriteUnits(highs, negated: false) + "(?![\\uDC00-\\uDFFF])");
        var lows = Cut(ranges, 0xDC00, 0xDFFF).ToList();
        if (lows.Count > 0)
            alternatives.Add("(?<![\\uD800-\\uDBFF])" + WriteUnits(lows, negated: false));
        return alternatives.Count switch
        {
            0 => "(?!)",
            1 => $"(?:{alternatives[0]})",
            _ => $"(?:{string.Join('|', alternatives)})",
        };
    }

    private static IEnumerable<(int Low, int High)> Cut(List<(int Low, int High)> ranges, int from, int to) =>
        ranges.Where(r => r.High >= from && r.Low <= to).Select(r => (Math.Max(r.Low, from), Math.Min(r.High, to)));

    private static void WritePairs(List<string> alternatives, int low, int high)
    {
        while (low <= high)
        {
            var lead = 0xD800 + ((low - 0x10000) >> 10);
            var lastOfLead = low | 0x3FF;
            if (((low - 0x10000) & 0x3FF) == 0 && high >= lastOfLead)
            {
                // Whole blocks share one alternative.
                var lastLead = 0xD800 + ((high + 1 - 0x10000) >> 10) - 1;
                alternatives.Add($"[{Hex(lead)}-{Hex(lastLead)}][\\uDC00-\\uDFFF]");
                low = 0x10000 + ((lastLead - 0xD800 + 1) << 10);
                continue;
            }

            var end = Math.Min(high, lastOfLead);
            alternatives.Add($"{Hex(lead)}[{Hex(0xDC00 + ((low - 0x10000) & 0x3FF))}-{Hex(0xDC00 + ((end - 0x10000) & 0x3FF))}]");
            low = end + 1;
        }
    }

    private static string WriteUnits(List<(int Low, int High)> ranges, bool negated)
    {
        var inside = new StringBuilder();
        foreach (var (low, high) in ranges)
        {
            if (low > 0xFFFF)
                continue;
            inside.Append(Hex(low));
            if (high > low)
                inside.Append('-').Append(Hex(Math.Min(high, 0xFFFF)));
        }

        if (inside.Length == 0)
            return negated ? "[\\s\\S]" : "(?!)";
        return $"[{(negated ? "^" : "")}{inside}]";
    }

    private static string Hex(int code) => "\\u" + code.ToString("X4", CultureInfo.InvariantCulture);
}
