using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Activities.Composition;

/// <summary>
/// The result of <c>ExecuteWorkflow</c> as variables and scripts see it. Scripts read the names of the states; stored, the states are
/// numbers, as Elsa stores them.
/// </summary>
internal sealed class ExecuteWorkflowResult : IReadOnlyDictionary<string, object?>, IStoredForm
{
    private readonly Dictionary<string, object?> _values;

    public ExecuteWorkflowResult(IReadOnlyDictionary<string, object?> result)
    {
        _values = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["WorkflowDefinitionVersionId"] = null,
            ["WorkflowInstanceId"] = result.GetValueOrDefault("workflowInstanceId"),
            ["CorrelationId"] = null,
            ["Status"] = result.GetValueOrDefault("status"),
            ["SubStatus"] = result.GetValueOrDefault("subStatus"),
            ["Output"] = result.GetValueOrDefault("output"),
        };
    }

    public object Stored => new Dictionary<string, object?>(_values, StringComparer.Ordinal)
    {
        ["Status"] = Number<WorkflowStatus>("Status"),
        ["SubStatus"] = Number<WorkflowSubStatus>("SubStatus"),
    };

    public IEnumerable<string> Keys => _values.Keys;

    public IEnumerable<object?> Values => _values.Values;

    public int Count => _values.Count;

    public object? this[string key] => _values[key];

    public bool ContainsKey(string key) => _values.ContainsKey(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object? value) => _values.TryGetValue(key, out value);

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private object? Number<T>(string key)
        where T : struct, Enum => _values[key] is string name && Enum.TryParse<T>(name, out var value) ? Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture) : _values[key];
}
