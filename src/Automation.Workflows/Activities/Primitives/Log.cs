using System.Globalization;
using System.Text.RegularExpressions;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Microsoft.Extensions.Logging;

namespace Automation.Workflows.Activities.Primitives;

[Activity("Elsa.Log", Category = "Diagnostics", Description = "Emit a log entry to the server's log.")]
internal sealed partial class Log : Activity
{
    [Input(Description = "The log message to emit. Placeholders such as {Name} stand for the arguments.")]
    public Input<string?> Message { get; } = new();

    [Input(UIHint = "dropdown", Options = ["Trace", "Debug", "Information", "Warning", "Error", "Critical"], DefaultValue = "Information",
        TypeName = "Microsoft.Extensions.Logging.LogLevel, Microsoft.Extensions.Logging.Abstractions", Description = "The log level.")]
    public Input<LogLevel> Level { get; } = new();

    [Input(DefaultValue = "Process", Description = "The log category.")]
    public Input<string?> Category { get; } = new();

    [Input(Description = "Values for named or indexed placeholders in the message.")]
    public Input<object?> Arguments { get; } = new();

    [Input(UIHint = "dictionary", TypeName = "ObjectDictionary", Description = "Key/value pairs to add to the entry.")]
    public Input<IReadOnlyDictionary<string, object?>?> Attributes { get; } = new();

    [Input(UIHint = "checklist", Options = ["Server"], DisplayName = "Sinks", TypeName = "List<String>", Description = "Where to write; there is the server's log only.")]
    public Input<IReadOnlyList<object?>?> SinkNames { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        context.Request(new LogEntry(
            Level.Get(context), Category.Get(context) is { Length: > 0 } category ? category : "Process", Fill(Message.Get(context) ?? "", Arguments.Get(context)),
            Attributes.Get(context) ?? new Dictionary<string, object?>(StringComparer.Ordinal)));
        context.Complete();
    }

    /// <summary>Placeholders by name take a member, others the next value; what has none stays as it is.</summary>
    private static string Fill(string message, object? arguments)
    {
        if (arguments is null || !message.Contains('{', StringComparison.Ordinal))
            return message;
        var named = arguments as IReadOnlyDictionary<string, object?>;
        var values = named is not null ? [.. named.Values] : arguments is string ? [arguments] : arguments is IReadOnlyList<object?> list ? list : (IReadOnlyList<object?>)[arguments];
        var next = 0;
        return Placeholder().Replace(message, m =>
        {
            var name = m.Groups[1].Value;
            if (named is not null)
                return named.TryGetValue(name, out var member) ? Text(member) : m.Value;
            var index = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : next++;
            return index < values.Count ? Text(values[index]) : m.Value;
        });
    }

    private static string Text(object? value) => value is null ? "null" : ValueConverter.ToText(value);

    [GeneratedRegex("""\{([A-Za-z0-9_]+)[^{}]*\}""", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}
