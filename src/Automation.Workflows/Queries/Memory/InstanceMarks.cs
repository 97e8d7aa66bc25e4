using System.Buffers;
using static Automation.Workflows.Queries.Memory.InstanceColumns;

namespace Automation.Workflows.Queries.Memory;

/// <summary>Marks the rows in which a text stands that people search for; where it is looked for, <see cref="InstanceTerm"/> tells.</summary>
internal sealed class InstanceMarks(InstanceColumns columns, bool[] marks)
{
    /// <summary>Marks the rows that have a text, and no others.</summary>
    /// <param name="term">The text.</param>
    /// <param name="definitions">Definitions that it means.</param>
    public void Set(string term, IReadOnlyCollection<string> definitions)
    {
        Array.Clear(marks, 0, columns.Rows);
        var any = MarkTexts(term) | MarkIds(term, atBeginning: true);
        if (definitions.Count > 0)
            any |= MarkDefinitions(definitions);
        if (!any && InstanceTerm.CanStandInId(term))
            MarkIds(term, atBeginning: false);
    }

    private bool MarkTexts(string term)
    {
        var texts = columns.Texts;
        var starts = columns.Starts;
        var values = SearchValues.Create([term], StringComparison.OrdinalIgnoreCase);
        var any = false;
        var row = 0;
        for (var at = 0; texts[at..].IndexOfAny(values) is >= 0 and var next;)
        {
            at += next;
            // Where hits are dense, the next few rows have it.
            row = At(starts, at, row);
            marks[row] = any = true;
            if (++row == starts.Length)
                break;
            at = starts[row];
        }

        return any;
    }

    /// <summary>The row whose texts take in a place, from one on that is not behind it.</summary>
    private static int At(ReadOnlySpan<int> starts, int at, int row)
    {
        for (var few = 0; few < 8; few++, row++)
        {
            if (row + 1 == starts.Length || starts[row + 1] > at)
                return row;
        }

        var found = starts[row..].BinarySearch(at);
        return row + (found < 0 ? ~found - 1 : found);
    }

    private bool MarkDefinitions(IReadOnlyCollection<string> definitions)
    {
        var meant = columns.Definitions.Select(definitions.Contains).ToArray();
        var all = columns.Columns;
        var any = false;
        for (var row = 0; row < all.Length; row++)
        {
            if (all[row].Has(Traits.There) && meant[all[row].Definition])
                marks[row] = any = true;
        }

        return any;
    }

    private bool MarkIds(string term, bool atBeginning)
    {
        var (dashes, digits) = (IdPattern.Of(term, IdForm.Dashes, atBeginning), IdPattern.Of(term, IdForm.Digits, atBeginning));
        var ids = columns.Ids;
        var all = columns.Columns;
        var any = false;
        for (var row = 0; row < ids.Length && dashes.Length + digits.Length > 0; row++)
        {
            if (all[row].Form == IdForm.Foreign || !all[row].Has(Traits.There))
                continue;
            foreach (ref readonly var pattern in (all[row].Form == IdForm.Dashes ? dashes : digits).AsSpan())
            {
                if (pattern.Fits(ids[row]))
                {
                    marks[row] = any = true;
                    break;
                }
            }
        }

        return any;
    }
}
