using Automation.Expressions.Liquid.Nodes;

namespace Automation.Expressions.Liquid;

/// <summary>Templates that the running one calls.</summary>
internal sealed partial class RenderContext
{
    private const int LongestNameShown = 100;

    // A node tree takes some times the room of its source.
    private const long BytesPerCharacter = 8;

    private const long BytesPerCell = 112;

    private Dictionary<string, CompiledTemplate>? _loaded;
    private long _loadedSize;
    private string? _name;

    /// <summary>The template of a name, asked of the host and compiled once in a rendering.</summary>
    public CompiledTemplate Load(string name)
    {
        WorkOn(name.Length);
        _loaded ??= [];
        if (_loaded.TryGetValue(name, out var known))
            return known;

        var source = Options.Templates!(name) ?? throw Error($"There is no template '{Shown(name)}'.");
        CompiledTemplate template;
        try
        {
            template = _settings.Compile(source);
        }
        catch (ExpressionException e)
        {
            throw new ExpressionException(e.Kind, InTemplate(name, e.Message), e.Line, e.Column);
        }

        _loadedSize += 2L * name.Length + BytesPerCharacter * source.Length;
        CheckMemory();
        WorkOn(source.Length);
        return _loaded[name] = template;
    }

    /// <summary>Renders another template where the running one stands, which goes on afterwards.</summary>
    public Flow Call(string name, CompiledTemplate template, VariableScope scope)
    {
        Enter("Templates");
        Step(template.Slots.Count);
        var cells = scope.CellsOf(template);
        _held += (8L * cells.Length) + (BytesPerCell * (scope.Size - scope.SizeCounted));
        scope.SizeCounted = scope.Size;
        CheckMemory();

        var caller = (_template, _name, _cells, Scope, Offset);
        (_template, _name, _cells, Scope) = (template, name, cells, scope);
        var flow = template.Root.Render(this);
        (_template, _name, _cells, Scope, Offset) = caller;
        Release(8L * cells.Length);
        Leave();
        return flow;
    }

    /// <summary>Renders another template in a scope that ends with it, and with it all but what it wrote.</summary>
    public void CallAlone(string name, CompiledTemplate template, VariableScope scope)
    {
        var held = _held - (2L * _output.Length);
        Call(name, template, scope);
        _held = held + (2L * _output.Length);
    }

    private static string InTemplate(string? name, string message) =>
        name is null ? message : $"In template '{Shown(name)}': {message}";

    private static string Shown(string name) => name.Length <= LongestNameShown ? name : name[..LongestNameShown] + "…";
}
