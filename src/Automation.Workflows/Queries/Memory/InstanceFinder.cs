using System.Buffers;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using static Automation.Workflows.Queries.Memory.InstanceColumns;

namespace Automation.Workflows.Queries.Memory;

/// <summary>Answers a list from <see cref="InstanceColumns"/> as the database would.</summary>
internal static class InstanceFinder
{
    /// <summary>Whether every condition and the order are about what the columns hold.</summary>
    public static bool Answers(InstanceFilter filter) =>
        filter is { Ids.Count: 0, DefinitionVersionIds.Count: 0, Version: null, CorrelationId: null, Name: null, ParentInstanceId: null }
        && filter.SearchTerm?.AsSpan().ContainsAnyInRange(End, Separator) != true;

    /// <summary>Ids of one page, and how many instances match.</summary>
    /// <param name="columns">All instances.</param>
    /// <param name="filter">One that this answers.</param>
    /// <param name="definitionsOfTerm">Definitions that the text means which is searched for.</param>
    public static (List<string> Ids, long Total) Find(InstanceColumns columns, InstanceFilter filter, IReadOnlyCollection<string> definitionsOfTerm)
    {
        var found = ArrayPool<int>.Shared.Rent(Math.Max(1, columns.Rows));
        var marks = ArrayPool<bool>.Shared.Rent(Math.Max(1, columns.Rows));
        try
        {
            var term = filter.SearchTerm?.Trim();
            var marked = string.IsNullOrEmpty(term) ? null : marks;
            if (marked is not null)
                new InstanceMarks(columns, marked).Set(term!, definitionsOfTerm);
            var count = Matching(columns, filter, marked, found);
            var from = (int)Math.Min(filter.Skip, count);
            var take = Math.Min(Math.Max(0, filter.Take), count - from);
            var rows = found.AsSpan(0, count);
            if (take > 0)
                Sort(columns, filter, rows, from, take);
            var ids = new List<string>(take);
            foreach (var row in rows.Slice(from, take))
                ids.Add(columns.IdOf(row));
            return (ids, count);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(found);
            ArrayPool<bool>.Shared.Return(marks);
        }
    }

    private static int Matching(InstanceColumns columns, InstanceFilter filter, bool[]? marked, int[] found)
    {
        var statuses = InstanceSearch.StatusesOf(filter)?.Aggregate(0UL, (all, s) => all | (1UL << (int)s)) ?? ulong.MaxValue;
        var wanted = Traits.There | Traits.System.If(filter.IsSystem == true) | Traits.Incidents.If(filter.HasIncidents == true);
        var looked = Traits.There | Traits.System.If(filter.IsSystem is not null) | Traits.Incidents.If(filter.HasIncidents is not null);
        var definitions = filter.DefinitionIds.Count == 0 ? null : columns.Definitions.Select(filter.DefinitionIds.Contains).ToArray();
        var times = filter.Timestamps.Select(t => (t.Column, t.Operator, At: SqlValue.ToMicros(t.Timestamp))).ToArray();
        var all = columns.Columns;
        var count = 0;
        for (var row = 0; row < all.Length; row++)
        {
            ref readonly var column = ref all[row];
            if ((marked is null || marked[row]) && (column.Traits & looked) == wanted && ((statuses >> column.SubStatus) & 1) != 0
                && (definitions is null || definitions[column.Definition]) && (times.Length == 0 || HasTimes(column, times)))
                found[count++] = row;
        }

        return count;
    }

    private static bool HasTimes(in Column column, (InstanceOrder Column, TimestampOperator Operator, long At)[] times)
    {
        foreach (var (which, op, at) in times)
        {
            var time = column.Time(which);
            var holds = time != NotFinished && op switch
            {
                TimestampOperator.Is => time == at,
                TimestampOperator.IsNot => time != at,
                TimestampOperator.LessThan => time < at,
                TimestampOperator.GreaterThan => time > at,
                TimestampOperator.LessThanOrEqual => time <= at,
                _ => time >= at,
            };
            if (!holds)
                return false;
        }

        return true;
    }

    /// <summary>Brings the rows of one page to where they stand in the order; the others only to the right side of them.</summary>
    private static void Sort(InstanceColumns columns, InstanceFilter filter, Span<int> rows, int from, int take)
    {
        var order = new Order(columns, filter.OrderBy, filter.Descending);
        Split(rows, from, order);
        if (from + take < rows.Length)
            Split(rows[from..], take, order);
        var page = rows.Slice(from, take).ToArray();
        Array.Sort(page, order.Compare);
        page.CopyTo(rows[from..]);
    }

    /// <summary>Puts the first so many of an order before the others.</summary>
    private static void Split(Span<int> rows, int first, Order order)
    {
        var (low, high) = (0, rows.Length - 1);
        while (low < high && first > low && first <= high)
        {
            var pivot = rows[low + ((high - low) / 2)];
            var (i, j) = (low, high);
            while (i <= j)
            {
                while (order.Compare(rows[i], pivot) < 0)
                    i++;
                while (order.Compare(rows[j], pivot) > 0)
                    j--;
                if (i > j)
                    break;
                (rows[i], rows[j]) = (rows[j], rows[i]);
                i++;
                j--;
            }

            if (first <= j)
                high = j;
            else if (first >= i)
                low = i;
            else
                return;
        }
    }

    /// <summary>The order of a list; the id decides between equals. What is NULL comes before all else.</summary>
    private sealed class Order(InstanceColumns columns, InstanceOrder by, bool descending)
    {
        public int Compare(int a, int b) => descending ? Ascending(b, a) : Ascending(a, b);

        private int Ascending(int a, int b)
        {
            if (by == InstanceOrder.Name)
                return columns.CompareNames(a, b);
            var compared = columns.Columns[a].Time(by).CompareTo(columns.Columns[b].Time(by));
            return compared != 0 ? compared : columns.CompareIds(a, b);
        }
    }
}
