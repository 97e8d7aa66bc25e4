using System.Runtime.InteropServices;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Queries.Memory;

/// <summary>
/// All instances, by what lists filter, sort and search them by, one array a column: a million take about 100 MB and are
/// looked through in some 10 ms. Rows are numbered in the order in which they came. One whose texts change is given up and
/// added anew, so that the texts lie in the order of the rows. Not for several threads.
/// </summary>
internal sealed class InstanceColumns(int capacity)
{
    /// <summary>Between the id, the correlation id and the name of a row, and behind them. Text that is searched for has neither.</summary>
    public const char Separator = '\u0001', End = '\0';

    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);
    private readonly List<string> _definitions = [];
    private readonly List<UInt128> _ids = new(capacity);
    private readonly List<Column> _columns = new(capacity);
    private readonly List<int> _starts = new(capacity);
    private readonly List<char> _texts = new(capacity * 16);
    private int[] _places = NewPlaces(capacity);
    private int[] _ranks = [];

    /// <summary>What is filtered and sorted by, of one row.</summary>
    [StructLayout(LayoutKind.Auto)]
    internal struct Column
    {
        public long Created, Updated, Finished;
        public int Definition;
        public byte SubStatus;
        public IdForm Form;
        public Traits Traits;

        public readonly bool Has(Traits traits) => (Traits & traits) == traits;

        public readonly long Time(InstanceOrder order) => order switch
        {
            InstanceOrder.Created => Created,
            InstanceOrder.Updated => Updated,
            _ => Finished,
        };
    }

    /// <summary>An instance that has not ended, where the time of its end stands: before all others.</summary>
    public const long NotFinished = long.MinValue;

    /// <summary>Rows, with those given up.</summary>
    public int Rows => _ids.Count;

    /// <summary>Instances.</summary>
    public int Count { get; private set; }

    public ReadOnlySpan<Column> Columns => CollectionsMarshal.AsSpan(_columns);

    public ReadOnlySpan<UInt128> Ids => CollectionsMarshal.AsSpan(_ids);

    /// <summary>Where the texts of each row begin.</summary>
    public ReadOnlySpan<int> Starts => CollectionsMarshal.AsSpan(_starts);

    public ReadOnlySpan<char> Texts => CollectionsMarshal.AsSpan(_texts);

    /// <summary>The numbers that stand for definitions.</summary>
    public IReadOnlyList<string> Definitions => _definitions;

    /// <summary>The texts of a row, as they are searched: an id that is not ours, the correlation id and the name.</summary>
    public ReadOnlySpan<char> TextsOf(int row) => Texts[_starts[row]..(row + 1 < _starts.Count ? _starts[row + 1] : _texts.Count)];

    public ReadOnlySpan<char> NameOf(int row)
    {
        var texts = TextsOf(row);
        return texts[(texts.LastIndexOf(Separator) + 1)..^1];
    }

    public string IdOf(int row)
    {
        if (_columns[row].Form == IdForm.Foreign)
        {
            var texts = TextsOf(row);
            return texts[..texts.IndexOf(Separator)].ToString();
        }

        Span<char> text = stackalloc char[36];
        return text[..new InstanceId(_ids[row], _columns[row].Form).Write(text)].ToString();
    }

    /// <summary>Compares two rows by name, then by id; none comes before any name.</summary>
    public int CompareNames(int a, int b)
    {
        if (a < _ranks.Length && b < _ranks.Length)
            return _ranks[a].CompareTo(_ranks[b]);
        var (one, other) = (_columns[a].Has(Traits.Name), _columns[b].Has(Traits.Name));
        var compared = one && other ? NameOf(a).SequenceCompareTo(NameOf(b)) : one.CompareTo(other);
        return compared != 0 ? compared : CompareIds(a, b);
    }

    /// <summary>Compares two rows by id.</summary>
    public int CompareIds(int a, int b) =>
        _columns[a].Form != IdForm.Foreign && _columns[a].Form == _columns[b].Form ? _ids[a].CompareTo(_ids[b]) : string.CompareOrdinal(IdOf(a), IdOf(b));

    /// <summary>So many rows, the first, are known to be sorted by name; of others names are compared.</summary>
    public int Ranked => _ranks.Length;

    /// <summary>Takes over the order of the database, which may be that of a language.</summary>
    /// <param name="ids">All instances by name, then by id.</param>
    public void RankNames(IReadOnlyList<string> ids)
    {
        var ranks = new int[Rows];
        for (var rank = 0; rank < ids.Count; rank++)
            ranks[Find(InstanceId.Of(ids[rank]))] = rank;
        _ranks = ranks;
    }

    /// <summary>Sorts the rows by name, once for all lists that are sorted so.</summary>
    public void RankNames()
    {
        var rows = new int[Rows];
        for (var row = 0; row < rows.Length; row++)
            rows[row] = row;
        Array.Sort(rows, CompareNames);
        var ranks = new int[rows.Length];
        for (var rank = 0; rank < rows.Length; rank++)
            ranks[rows[rank]] = rank;
        _ranks = ranks;
    }

    /// <summary>Adds an instance, or changes the one of this id.</summary>
    public void Set(in ListedInstance instance)
    {
        var id = InstanceId.Of(instance.Id);
        var row = Find(id);
        if (row >= 0 && !HasTexts(row, id, instance))
        {
            Remove(row);
            row = -1;
        }

        var added = row < 0;
        if (added)
        {
            row = Rows;
            _starts.Add(_texts.Count);
            if (id.Form == IdForm.Foreign)
                _texts.AddRange(instance.Id);
            _texts.Add(Separator);
            _texts.AddRange(instance.CorrelationId ?? "");
            _texts.Add(Separator);
            _texts.AddRange(instance.Name ?? "");
            _texts.Add(End);
            _ids.Add(id.Value);
            _columns.Add(default);
            Count++;
            Place(row);
        }

        ref var definition = ref CollectionsMarshal.GetValueRefOrAddDefault(_codes, instance.DefinitionId, out var known);
        if (!known)
        {
            definition = _definitions.Count;
            _definitions.Add(instance.DefinitionId);
        }

        CollectionsMarshal.AsSpan(_columns)[row] = new Column
        {
            Created = instance.CreatedAt,
            Updated = instance.UpdatedAt,
            Finished = instance.FinishedAt ?? NotFinished,
            Definition = definition,
            SubStatus = (byte)instance.SubStatus,
            Form = id.Form,
            Traits = Traits.There | Traits.System.If(instance.IsSystem) | Traits.Incidents.If(instance.HasIncidents) | Traits.Name.If(instance.Name is not null),
        };
    }

    /// <summary>Removes the instance of this id, if it is there.</summary>
    public void Remove(string id)
    {
        if (Find(InstanceId.Of(id)) is >= 0 and var row)
            Remove(row);
    }

    private void Remove(int row)
    {
        CollectionsMarshal.AsSpan(_columns)[row].Traits = Traits.None;
        var end = row + 1 < _starts.Count ? _starts[row + 1] : _texts.Count;
        CollectionsMarshal.AsSpan(_texts)[_starts[row]..end].Fill(End);
        Count--;
    }

    private bool HasTexts(int row, InstanceId id, in ListedInstance instance)
    {
        var foreign = id.Form == IdForm.Foreign ? instance.Id : "";
        var (correlation, name) = (instance.CorrelationId ?? "", instance.Name ?? "");
        var texts = TextsOf(row);
        return texts.Length == foreign.Length + correlation.Length + name.Length + 3
            && texts[(foreign.Length + 1)..].StartsWith(correlation, StringComparison.Ordinal) && texts[^(name.Length + 1)..^1].SequenceEqual(name);
    }

    // A table of rows by id, each in the first free place from that of its id on. Rows given up stay in it.
    private int Find(InstanceId id)
    {
        for (var place = PlaceOf(id.Value); _places[place] is > 0 and var next; place = (place + 1) & (_places.Length - 1))
        {
            if (_ids[next - 1] == id.Value && _columns[next - 1].Form == id.Form && _columns[next - 1].Has(Traits.There))
                return next - 1;
        }

        return -1;
    }

    private void Place(int row)
    {
        if (Rows * 2 > _places.Length)
        {
            _places = NewPlaces(_places.Length);
            for (var known = 0; known < row; known++)
                PutAt(known);
        }

        PutAt(row);
    }

    private void PutAt(int row)
    {
        var place = PlaceOf(_ids[row]);
        while (_places[place] > 0)
            place = (place + 1) & (_places.Length - 1);
        _places[place] = row + 1;
    }

    private int PlaceOf(UInt128 id) => (int)(((ulong)(id ^ (id >> 64)) * 0x9E3779B97F4A7C15) >> 32) & (_places.Length - 1);

    private static int[] NewPlaces(int rows) => new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(1024, rows * 2))];
}

/// <summary>What a row is or has.</summary>
[Flags]
internal enum Traits : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It has not been given up.</summary>
    There = 1,

    /// <summary>It belongs to the product.</summary>
    System = 2,

    /// <summary>Activities of it faulted.</summary>
    Incidents = 4,

    /// <summary>It has a name.</summary>
    Name = 8,
}

internal static class TraitsExtensions
{
    public static Traits If(this Traits traits, bool condition) => condition ? traits : Traits.None;
}
