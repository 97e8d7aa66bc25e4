namespace Automation.Steps.Activities;

/// <summary>The choices of an editor that are only known at run time.</summary>
internal static class ActivityChoices
{
    public static IReadOnlyDictionary<string, object?> DropDown(IEnumerable<string> values) => new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["dropdown"] = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["selectList"] = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["items"] = values.Select(object? (v) => new Dictionary<string, object?>(StringComparer.Ordinal) { ["text"] = v.Length == 0 ? "(none)" : v, ["value"] = v }).ToList(),
                ["isFlagsEnum"] = false,
            },
        },
    };
}
