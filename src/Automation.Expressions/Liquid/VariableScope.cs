using Automation.Expressions.Liquid.Nodes;
using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid;

/// <summary>
/// The variables of a template and of those it includes, and what their tags remember. A template that <c>render</c>
/// calls has a scope of its own.
/// </summary>
internal sealed class VariableScope
{
    private readonly CompiledTemplate _template;
    private readonly LiquidScope? _data;
    private readonly VariableCell[] _cells;

    // Names that only included templates and their arguments have.
    private Dictionary<string, VariableCell>? _others;

    /// <param name="template">The template that the scope is made for.</param>
    /// <param name="data">The host's values, or null for a scope that sees none.</param>
    public VariableScope(CompiledTemplate template, LiquidScope? data)
    {
        _template = template;
        _data = data;
        _cells = new VariableCell[template.Slots.Count];
        for (var i = 0; i < _cells.Length; i++)
            _cells[i] = new VariableCell();
    }

    /// <summary>Whether the scope belongs to a template that <c>render</c> called.</summary>
    public bool IsIsolated => _data is null;

    /// <summary>How many cells there are.</summary>
    public int Size => _cells.Length + (_others?.Count ?? 0);

    /// <summary>How many of them are counted against <see cref="ExpressionLimits.MaxMemory"/>.</summary>
    public int SizeCounted { get; set; }

    /// <summary>The innermost <c>for</c>, or null.</summary>
    public ForLoop? Loop { get; set; }

    /// <summary>Next round of each <c>cycle</c> group.</summary>
    public Dictionary<string, int> Cycles => field ??= [];

    /// <summary>Where <c>offset: continue</c> goes on, by loop name.</summary>
    public Dictionary<string, long> LoopOffsets => field ??= [];

    /// <summary>What <c>ifchanged</c> wrote last.</summary>
    public string? LastChanged { get; set; }

    /// <summary>The cells of a template's slots: the same cell for the same name in every template of the scope.</summary>
    public VariableCell[] CellsOf(CompiledTemplate template)
    {
        if (template == _template)
            return _cells;
        var cells = new VariableCell[template.Slots.Count];
        foreach (var (name, slot) in template.Slots)
            cells[slot] = Cell(name);
        return cells;
    }

    /// <summary>The cell of a name, made where there is none yet.</summary>
    public VariableCell Cell(string name) => Find(name) ?? ((_others ??= [])[name] = new VariableCell());

    public bool TryGet(string name, out object? value) =>
        Find(name) is { } cell ? TryGet(name, cell, out value) : TryData(name, out value);

    public bool TryGet(string name, VariableCell cell, out object? value)
    {
        value = cell.Loop;
        if (!ReferenceEquals(value, VariableCell.Unset))
            return true;
        value = cell.Assigned;
        if (!ReferenceEquals(value, VariableCell.Unset))
            return true;
        if (cell.Count is { } count)
        {
            value = count;
            return true;
        }

        if (ReferenceEquals(cell.Data, VariableCell.Unset))
            cell.Data = TryData(name, out value) ? value : VariableCell.Missing;
        value = cell.Data;
        if (!ReferenceEquals(value, VariableCell.Missing))
            return true;
        value = null;
        return false;
    }

    private VariableCell? Find(string name) =>
        _template.Slots.TryGetValue(name, out var slot) ? _cells[slot] : _others?.GetValueOrDefault(name);

    private bool TryData(string name, out object? value)
    {
        value = null;
        if (_data is null || !_data.TryGet(name, out value))
            return false;
        value = Plain.From(value);
        return true;
    }
}

/// <summary>What a root name stands for: a loop's variable hides an assigned one, that a counter, and that the host's value.</summary>
internal sealed class VariableCell
{
    public static readonly object Unset = new();
    public static readonly object Missing = new();

    /// <summary>The variable of a loop, or an argument of <c>include</c>.</summary>
    public object? Loop { get; set; } = Unset;

    public object? Assigned { get; set; } = Unset;

    /// <summary>Bytes counted for <see cref="Assigned"/>, to be given back when it is replaced.</summary>
    public long Held { get; set; }

    public long? Count { get; set; }

    /// <summary>The host's value, once it was asked for.</summary>
    public object? Data { get; set; } = Unset;
}
