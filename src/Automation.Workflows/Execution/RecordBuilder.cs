using Automation.Workflows.Definitions;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <summary>Makes the record of an execution, with what the log-persistence settings let through.</summary>
internal static class RecordBuilder
{
    private const string Hidden = "(sensitive)";
    private const string NotSerializable = "(not serializable)";

    public static ActivityRecord Build(ActivityContext context)
    {
        var activity = context.Activity;
        return new ActivityRecord
        {
            Activity = activity,
            Ordinal = context.Ordinal,
            ParentOrdinal = context.Parent?.Ordinal ?? 0,
            Status = context.Status,
            StartedAt = context.StartedAt,
            CompletedAt = context.CompletedAt,
            HasBookmarks = context.BookmarkCount > 0,
            AggregateFaultCount = context.FaultCount,
            State = State(context),
            StateIsRecorded = context.InputsAreRecorded,
            Outputs = Outputs(context),
            Payload = context.Outcomes.Count == 0
                ? ActivityRecord.Empty
                : new Dictionary<string, object?>(StringComparer.Ordinal) { ["Outcomes"] = context.Outcomes },
            Properties = activity.Log.InternalState ? Properties(context) : ActivityRecord.Empty,
            Metadata = context.HasRetries
                ? new Dictionary<string, object?>(StringComparer.Ordinal) { ["HasRetryAttempts"] = true }
                : ActivityRecord.Empty,
            Exception = context.Exception,
        };
    }

    private static IReadOnlyDictionary<string, object?> State(ActivityContext context)
    {
        var inputs = context.Activity.Inputs;
        if (inputs.Length == 0 || context.Inputs.Length == 0)
            return ActivityRecord.Empty;
        var result = new Dictionary<string, object?>(inputs.Length, StringComparer.Ordinal);
        for (var i = 0; i < inputs.Length; i++)
        {
            var value = context.Inputs[i];
            if (ReferenceEquals(value, ActivityContext.Unset) || !context.Activity.Log.KeepsInput(inputs[i].Name))
                continue;
            result[inputs[i].Name] = inputs[i].IsSensitive && value is not null ? Hidden : value;
        }

        return result;
    }

    private static IReadOnlyDictionary<string, object?> Outputs(ActivityContext context)
    {
        if (context.Outputs is not { } values)
            return ActivityRecord.Empty;
        var outputs = context.Activity.Outputs;
        var result = new Dictionary<string, object?>(outputs.Length, StringComparer.Ordinal);
        for (var i = 0; i < outputs.Length; i++)
        {
            if (!ReferenceEquals(values[i], ActivityContext.Unset) && context.Activity.Log.KeepsOutput(outputs[i].Name))
                result[outputs[i].Name] = outputs[i].IsSerializable && JsonValues.IsPlain(values[i]) ? values[i] : NotSerializable;
        }

        return result;
    }

    private static IReadOnlyDictionary<string, object?> Properties(ActivityContext context)
    {
        var described = context.Activity.Behavior.DescribeProperties(context);
        return described ?? context.PropertyMap ?? ActivityRecord.Empty;
    }
}
