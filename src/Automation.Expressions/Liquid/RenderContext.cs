using System.Runtime.CompilerServices;
using System.Text;
using Automation.Expressions.Liquid.Nodes;
using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid;

/// <summary>The state of one rendering: variables, output, and the limits used up so far. One thread at a time.</summary>
internal sealed partial class RenderContext
{
    // Reading the clock costs as much as some fifty small steps.
    private const int WorkBetweenChecks = 1024;

    private readonly TemplateSettings _settings;
    private readonly CancellationToken _cancellationToken;
    private readonly long _started;
    private CompiledTemplate _template;
    private VariableCell[] _cells;
    private StringBuilder _output = new();
    private long _steps;
    private long _workLeft = WorkBetweenChecks;
    private long _held;
    private long _transient;
    private int _depth;

    public RenderContext(CompiledTemplate template, LiquidScope data, CancellationToken cancellationToken)
    {
        _settings = template.Settings;
        _cancellationToken = cancellationToken;
        _started = _settings.Clock.GetTimestamp();
        _template = template;
        Scope = new VariableScope(template, data);
        _cells = Scope.CellsOf(template);
    }

    public ExpressionLimits Limits => _settings.Limits;

    public LiquidOptions Options => _settings.Options;

    public TimeZoneInfo Zone => _settings.Zone;

    /// <summary>Where in the source the running node or filter stands.</summary>
    public int Offset { get; set; }

    /// <summary>The variables of the running template.</summary>
    public VariableScope Scope { get; private set; }

    public DateTimeOffset Now() => TimeZoneInfo.ConvertTime(_settings.Clock.GetUtcNow(), Zone);

    // Limits

    /// <summary>Counts steps; now and then looks at the clock.</summary>
    public void Step(long count = 1)
    {
        _steps += count;
        if (_steps > Limits.MaxSteps)
            throw Limit($"The template took more than {Limits.MaxSteps:N0} steps", nameof(ExpressionLimits.MaxSteps));
        Work(count);
    }

    /// <summary>Counts time spent on text that is not a step of the template.</summary>
    public void WorkOn(int characters) => Work((characters >> 5) + 1);

    private void Work(long units)
    {
        _workLeft -= units;
        if (_workLeft > 0)
            return;

        _workLeft = WorkBetweenChecks;
        _cancellationToken.ThrowIfCancellationRequested();
        if (_settings.Clock.GetElapsedTime(_started) > Limits.Timeout)
            throw Limit($"The template ran for more than {Limits.Timeout.TotalMilliseconds:N0} ms", nameof(ExpressionLimits.Timeout));
    }

    /// <summary>Counts memory of a value that the running statement makes; given back at its end unless kept.</summary>
    public void Allocate(long bytes)
    {
        _transient += bytes;
        CheckMemory();
    }

    /// <summary>A statement starts: what the one before made and did not keep is garbage.</summary>
    public void BeginStatement(int offset)
    {
        Offset = offset;
        _transient = 0;
        Step();
    }

    /// <summary>What the statement made so far stays alive (a variable, the items of a loop).</summary>
    /// <returns>The bytes kept, for <see cref="Release"/>.</returns>
    public long Keep()
    {
        var kept = _transient;
        _held += kept;
        _transient = 0;
        return kept;
    }

    public void Release(long bytes) => _held -= bytes;

    private void CheckMemory()
    {
        if (_held + _transient + _loadedSize > Limits.MaxMemory)
            throw Limit($"The template's values take more than {Limits.MaxMemory:N0} bytes", nameof(ExpressionLimits.MaxMemory));
    }

    public void CheckStringLength(long length)
    {
        if (length > Limits.MaxStringLength)
            throw Limit($"A text is longer than {Limits.MaxStringLength:N0} characters", nameof(ExpressionLimits.MaxStringLength));
    }

    public void CheckArrayLength(long length)
    {
        if (length > Limits.MaxArrayLength)
            throw Limit($"An array is longer than {Limits.MaxArrayLength:N0} elements", nameof(ExpressionLimits.MaxArrayLength));
    }

    /// <summary>Counts a string made by a filter.</summary>
    public string Made(string text)
    {
        CheckStringLength(text.Length);
        WorkOn(text.Length);
        Allocate(24 + (2L * text.Length));
        return text;
    }

    /// <summary>Counts an array made by a filter.</summary>
    public void MadeArray(long length)
    {
        CheckArrayLength(length);
        Step(length);
        Allocate(32 + (8L * length));
    }

    /// <summary>Guards recursion over data and of templates; pair with <see cref="Leave"/>.</summary>
    public void Enter(string what = "Values")
    {
        if (++_depth > Limits.MaxCallDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw Limit($"{what} are nested more than {Limits.MaxCallDepth:N0} deep", nameof(ExpressionLimits.MaxCallDepth));
    }

    public void Leave() => _depth--;

    /// <summary>Guards the nesting of blocks: the template may render on a smaller stack than it was compiled on.</summary>
    public void CheckStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw Limit("The template's tags are nested too deep for the stack", nameof(ExpressionLimits.MaxSourceDepth));
    }

    public ExpressionException Limit(string message, string name) =>
        Failure(ExpressionErrorKind.Limit, $"{message} ({name}).");

    public ExpressionException Error(string message) => Failure(ExpressionErrorKind.Runtime, message);

    public ExpressionException Failure(ExpressionErrorKind kind, string message, Exception? inner = null) =>
        SourcePosition.Error(kind, _template.Source, Offset, InTemplate(_name, message), inner);

    // Output

    public void Write(ReadOnlySpan<char> text)
    {
        if (_output.Length + (long)text.Length > Limits.MaxStringLength)
            throw Limit($"The output is longer than {Limits.MaxStringLength:N0} characters", nameof(ExpressionLimits.MaxStringLength));
        _held += 2L * text.Length;
        CheckMemory();
        WorkOn(text.Length);
        _output.Append(text);
    }

    /// <summary>Writes a value of the template's data, encoded where the options say so.</summary>
    public void WriteValue(object? value)
    {
        if (value is MarkupText markup)
        {
            Write(markup.Text);
            return;
        }

        var text = TextOf.Value(this, value);
        Write(Options.Encoder is { } encoder && text.Length > 0 ? Made(encoder.Encode(text)) : text);
    }

    public string Output() => _output.ToString();

    /// <summary>Renders into a text of its own instead of the output.</summary>
    public string Capture(Block body, out Flow flow)
    {
        var outer = _output;
        _output = new StringBuilder();
        try
        {
            flow = body.Render(this);
            Release(2L * _output.Length);
            return Made(_output.ToString());
        }
        finally
        {
            _output = outer;
        }
    }

    // Variables

    public object? Get(string name, int slot) =>
        Scope.TryGet(name, _cells[slot], out var value) ? value : Undefined(name);

    /// <summary>Reads a name that is only known while rendering: <c>{{ [name] }}</c>.</summary>
    public object? Get(string name) => Scope.TryGet(name, out var value) ? value : Undefined(name);

    public object? Undefined(string name) => Options.StrictVariables ? throw Error($"'{name}' is not defined.") : null;

    /// <summary>
    /// Sets a variable. A text replaced by another is garbage, so what is kept is what the variables hold; the items of
    /// arrays may live on elsewhere, so what making an array took stays counted.
    /// </summary>
    public void Assign(int slot, object? value)
    {
        var cell = _cells[slot];
        Release(cell.Held);
        cell.Held = SizeOf(value) ?? 0;
        _transient = SizeOf(value) ?? _transient;
        Keep();
        CheckMemory();
        cell.Assigned = value;
    }

    /// <summary>Sets a loop's variable for the loop's body.</summary>
    /// <returns>What it hides, to be put back with <see cref="RestoreLoopVariable"/>.</returns>
    public object? SetLoopVariable(int slot, object? value)
    {
        var hidden = _cells[slot].Loop;
        _cells[slot].Loop = value;
        return hidden;
    }

    public void RestoreLoopVariable(int slot, object? hidden) => _cells[slot].Loop = hidden;

    /// <summary>Adds to a counter of <c>increment</c> and <c>decrement</c>, which starts at 0.</summary>
    public long Count(int slot, int by)
    {
        var count = (_cells[slot].Count ?? 0) + by;
        _cells[slot].Count = count;
        return count;
    }

    private static long? SizeOf(object? value) => value switch
    {
        string text => 24 + (2L * text.Length),
        MarkupText markup => 48 + (2L * markup.Text.Length),
        null or long or double or decimal or bool => 24,
        _ => null,
    };
}
