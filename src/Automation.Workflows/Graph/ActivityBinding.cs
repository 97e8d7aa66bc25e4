using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Expressions;

namespace Automation.Workflows.Graph;

/// <summary>Gives the nodes of a graph their variables, inputs, outputs and settings.</summary>
internal sealed class ActivityBinding(ExpressionBinder binder, List<DefinitionProblem> problems, TimeSpan workflowTimeout)
{
    /// <summary>First pass: what nodes want to know of each other, variables above all.</summary>
    public void Declare(CompiledActivity node)
    {
        // A flowchart chooses its start by it while it is bound, which is before its children are.
        node.CanStartWorkflow = Flag(node, "canStartWorkflow") ?? false;
        var isWorkflow = ReferenceEquals(node, node.Owner.Root);
        var declared = isWorkflow ? node.Owner.Definition.Variables : DeclarationReader.Variables(node.Json["variables"]);
        if (declared.Count == 0)
            return;
        foreach (var twice in declared.GroupBy(v => v.Id, StringComparer.Ordinal).Where(g => g.Skip(1).Any()))
            Problem(node, isWorkflow, ProblemSeverity.Error, "variables", $"id '{twice.Key}' is used by more than one variable.");
        foreach (var twice in declared.GroupBy(v => v.Name, StringComparer.Ordinal).Where(g => g.Skip(1).Any()))
        {
            Problem(node, isWorkflow, ProblemSeverity.Warning, "variables", $"name '{twice.Key}' is used by more than one variable, so none of them can be assigned.");
            node.HasAmbiguousVariables = true;
        }

        node.Variables = [.. declared];
        node.VariableDefaults = [.. declared.Select(v => Default(node, isWorkflow, v))];
    }

    /// <summary>Second pass: everything else.</summary>
    public void Bind(CompiledActivity node, bool tokenBased)
    {
        var type = node.ActivityType;
        var report = new ActivityCompilation(node, binder, problems, tokenBased);
        ReadSettings(node, report);
        ReadTimeout(node);
        node.Inputs = [.. type.Inputs.Select((input, slot) => BindInput(node, input, slot, report))];
        node.Outputs = [.. type.Outputs.Select((output, slot) => BindOutput(node, output, slot))];
        foreach (var property in type.Children)
        {
            var port = JsonNamingPolicy.CamelCase.ConvertName(ActivityType.PortName(property));
            property.SetValue(node.Behavior, report.Child(port));
        }

        node.Behavior.Compile(report);
    }

    private object? Default(CompiledActivity node, bool isWorkflow, VariableDefinition variable)
    {
        if (variable.Default is not { } json)
            return null;
        var value = JsonValues.FromElement(json);
        try
        {
            return value is string { Length: 0 } && variable.Type.Kind is not (DataKind.String or DataKind.Object) ? null : ValueConverter.Convert(value, variable.Type);
        }
        catch (ValueConversionException e)
        {
            Problem(node, isWorkflow, ProblemSeverity.Warning, "variables", $"the default of '{variable.Name}' reads as null: {e.Message}");
            return null;
        }
    }

    private static BoundInput BindInput(CompiledActivity node, InputMember input, int slot, ActivityCompilation report)
    {
        var given = node.Json.TryGetPropertyValue(input.JsonName, out var json);
        if (input.Property is { } property)
        {
            if (property.GetValue(node.Behavior) is Input typed)
                typed.Slot = slot;
            else if (!input.Descriptor.IsWrapped)
                return BindPlain(node, input, property, json, report);
        }

        var type = input.Type;
        var expression = given && json is not null
            ? report.BindInput(json, input.JsonName, type)
            : given ? ConstantExpression.Null : new ConstantExpression(DefaultOf(input));
        return new BoundInput(input.Descriptor.Name, type, expression, given)
        {
            AutoEvaluate = input.Descriptor.AutoEvaluate,
            IsSensitive = input.Descriptor.IsSensitive,
        };
    }

    /// <summary>Inputs that definitions hold as plain values become properties of the activity.</summary>
    private static BoundInput BindPlain(CompiledActivity node, InputMember input, System.Reflection.PropertyInfo property, JsonNode? json, ActivityCompilation report)
    {
        var value = json is null ? DefaultOf(input) : JsonValues.FromNode(json);
        if (property.PropertyType != typeof(JsonNode) && property.PropertyType != typeof(JsonObject))
        {
            try
            {
                if (value is not null)
                    property.SetValue(node.Behavior, typeof(ClrTypes).GetMethod(nameof(ClrTypes.As))!.MakeGenericMethod(property.PropertyType).Invoke(null, [value]));
            }
            catch (System.Reflection.TargetInvocationException e) when (e.InnerException is ValueConversionException or FormatException or ArgumentException)
            {
                report.Error(input.JsonName, e.InnerException.Message);
            }
        }
        else if (property.CanWrite)
        {
            property.SetValue(node.Behavior, json as JsonObject ?? (object?)json);
        }

        return new BoundInput(input.Descriptor.Name, input.Type, new ConstantExpression(value), json is not null) { IsUnwrapped = true };
    }

    private static object? DefaultOf(InputMember input) =>
        input.Descriptor.DefaultValue is { } value ? ValueConverter.Convert(value, input.Type) : null;

    private static BoundOutput BindOutput(CompiledActivity node, OutputMember output, int slot)
    {
        if (output.Property?.GetValue(node.Behavior) is Output typed)
            typed.Slot = slot;
        var id = node.Json[output.JsonName] is JsonObject o && o["memoryReference"] is JsonObject r ? DeclarationReader.Text(r, "id") : null;
        var variable = id is null ? null : Variables.Find(node, id);
        var workflowOutput = variable is null && id is not null && node.Owner.Outputs.Any(p => string.Equals(p.Name, id, StringComparison.Ordinal)) ? id : null;
        return new BoundOutput(output.Descriptor.Name, variable, workflowOutput) { IsSerializable = output.Descriptor.IsSerializable };
    }

    private static void ReadSettings(CompiledActivity node, ActivityCompilation report)
    {
        var custom = node.Json["customProperties"] as JsonObject;
        var kind = node.Kind;
        node.RunAsynchronously = kind == ActivityKind.Job || kind == ActivityKind.Task && (Flag(node, "runAsynchronously") ?? node.ActivityType.Descriptor.RunAsynchronously);
        node.MergeMode = custom is null ? null : DeclarationReader.Text(custom, "mergeMode");
        node.Log = LogPersistenceReader.Read(node, report);
        if (custom?["resilienceStrategy"] is JsonObject resilience)
        {
            node.Resilience = DeclarationReader.Text(resilience, "mode") is "Expression"
                ? report.Bind(resilience["expression"], "customProperties.resilienceStrategy")
                : new ConstantExpression(DeclarationReader.Text(resilience, "strategyId"));
        }
    }

    /// <summary>Older exports have these at the top of the activity.</summary>
    private static bool? Flag(CompiledActivity node, string name) =>
        node.Json["customProperties"] is JsonObject custom && custom[name] is JsonValue v && v.TryGetValue(out bool b) ? b
        : node.Json[name] is JsonValue top && top.TryGetValue(out bool t) ? t : null;

    /// <summary><c>customProperties.timeout</c> of an activity, or of the workflow itself.</summary>
    private void ReadTimeout(CompiledActivity node)
    {
        var isWorkflow = ReferenceEquals(node, node.Owner.Root);
        var custom = isWorkflow ? node.Owner.Definition.CustomProperties : node.Json["customProperties"] as JsonObject;
        if (custom?["timeout"] is not { } given)
        {
            if (node.Parent is null && workflowTimeout > TimeSpan.Zero)
                node.Timeout = workflowTimeout;
        }
        else if (given is JsonValue value && value.TryGetValue(out string? text) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) && span > TimeSpan.Zero)
        {
            node.Timeout = span;
        }
        else
        {
            Problem(node, isWorkflow, ProblemSeverity.Error, "customProperties.timeout", $"must be a time span such as \"00:05:00\", but is {given.ToJsonString()}.");
        }
    }

    private void Problem(CompiledActivity node, bool isWorkflow, ProblemSeverity severity, string property, string reason) =>
        problems.Add(new DefinitionProblem(severity, isWorkflow ? null : node.Id, isWorkflow ? null : node.Name, property, reason));
}
