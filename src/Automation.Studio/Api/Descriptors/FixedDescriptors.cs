using System.Collections.Immutable;

namespace Automation.Studio.Api.Descriptors;

internal sealed record ExpressionDescriptor(string Type, string DisplayName, bool IsSerializable, bool IsBrowsable, IReadOnlyDictionary<string, string> Properties);

internal sealed record VariableType(string TypeName, string DisplayName, string Category, string? Description);

internal sealed record StorageDriver(string TypeName, string DisplayName, double Priority, bool Deprecated);

internal sealed record Strategy(string DisplayName, string Description, string TypeName);

internal sealed record CommitStrategy(string Name, string DisplayName, string Description);

internal sealed record Feature(string Name, string Namespace, string FullName, string DisplayName, string Description);

/// <summary>What the Studio asks about the engine that does not change while it runs.</summary>
internal static class FixedDescriptors
{
    public static ImmutableArray<ExpressionDescriptor> Expressions { get; } =
    [
        Expression("Literal", isBrowsable: false),
        Expression("Object", isBrowsable: false, "json"),
        Expression("Json", isBrowsable: false, "json"),
        Expression("Delegate", isBrowsable: false) with { IsSerializable = false },
        Expression("Variable"),
        Expression("Input"),
        Expression("JavaScript", language: "javascript"),
        Expression("Liquid", language: "liquid"),
    ];

    public static ImmutableArray<VariableType> VariableTypes { get; } =
    [
        new("Object", "Object", "Primitives", "Any value."),
        new("String", "String", "Primitives", "Text."),
        new("Boolean", "Boolean", "Primitives", "True or false."),
        new("Int32", "Int32", "Primitives", "A whole number of 32 bits."),
        new("Int64", "Int64", "Primitives", "A whole number of 64 bits."),
        new("Long", "Long", "Primitives", "A whole number of 64 bits."),
        new("Single", "Single", "Primitives", "A number of single precision."),
        new("Double", "Double", "Primitives", "A number of double precision."),
        new("Decimal", "Decimal", "Primitives", "A decimal number."),
        new("Guid", "Guid", "Primitives", "A globally unique identifier."),
        new("DateTime", "DateTime", "Primitives", "A date and time; UTC where it has no zone."),
        new("DateTimeOffset", "DateTimeOffset", "Primitives", "A date and time with its offset from UTC."),
        new("TimeSpan", "TimeSpan", "Primitives", "A duration."),
        new("StringDictionary", "StringDictionary", "Lookups", "Texts by name."),
        new("ObjectDictionary", "ObjectDictionary", "Lookups", "Values by name."),
        new("JSON", "JSON", "Dynamic", "A JSON object whose members are read with dots."),
        new("JsonElement", "JsonElement", "Dynamic", "A JSON value."),
        new("JsonNode", "JsonNode", "Dynamic", "A JSON value."),
        new("JsonObject", "JsonObject", "Dynamic", "A JSON object."),
        new("ByteArray", "ByteArray", "Data", "Bytes; written as Base64."),
        new("Stream", "Stream", "Data", "Bytes; written as Base64."),
        new("Elsa.Workflows.LogPersistence.LogPersistenceMode, Elsa.Workflows.Core", "LogPersistenceMode", "System", "Include, Exclude or Inherit."),
        new("HttpRequest", "HttpRequest", "HTTP", "An HTTP request."),
        new("HttpResponse", "HttpResponse", "HTTP", "An HTTP response."),
        new("HttpResponseMessage", "HttpResponseMessage", "HTTP", "An answer to a call."),
        new("HttpHeaders", "HttpHeaders", "HTTP", "HTTP headers by name."),
        new("RouteData", "RouteData", "HTTP", "Values of a path's parameters by name."),
        new("FormFile", "FormFile", "HTTP", "An uploaded file."),
        new("HttpFile", "HttpFile", "HTTP", "A file with name and content type."),
        new("Downloadable", "Downloadable", "HTTP", "A file to download."),
    ];

    public static ImmutableArray<StorageDriver> StorageDrivers { get; } =
    [
        new("Elsa.Workflows.WorkflowInstanceStorageDriver, Elsa.Workflows.Core", "Workflow Instance", 5, Deprecated: false),
        new("Elsa.Workflows.MemoryStorageDriver, Elsa.Workflows.Core", "Memory", 0, Deprecated: false),
        new("Elsa.Workflows.Services.WorkflowStorageDriver, Elsa.Workflows.Core", "Workflow", -1, Deprecated: true),
    ];

    public static ImmutableArray<Strategy> IncidentStrategies { get; } =
    [
        new("Continue with incidents", "Other branches go on; the workflow waits with its incidents.", "Elsa.Workflows.IncidentStrategies.ContinueWithIncidentsStrategy, Elsa.Workflows.Core"),
        new("Fault", "The whole workflow ends as faulted.", "Elsa.Workflows.IncidentStrategies.FaultStrategy, Elsa.Workflows.Core"),
    ];

    public static ImmutableArray<Strategy> LogPersistenceStrategies { get; } =
    [
        new("Configuration", "As the server is configured.", "Elsa.Workflows.LogPersistence.Strategies.Configuration, Elsa.Workflows.Core"),
        new("Exclude", "The values are not kept.", "Elsa.Workflows.LogPersistence.Strategies.Exclude, Elsa.Workflows.Core"),
        new("Include", "The values are kept.", "Elsa.Workflows.LogPersistence.Strategies.Include, Elsa.Workflows.Core"),
        new("Inherit", "As the activity or the workflow around it says.", "Elsa.Workflows.LogPersistence.Strategies.Inherit, Elsa.Workflows.Core"),
    ];

    public static ImmutableArray<Strategy> ActivationStrategies { get; } =
    [
        new("Always", "A new instance may always start.", "Elsa.Workflows.ActivationValidators.AllowAlwaysStrategy, Elsa.Workflows.Core"),
        new("Correlated singleton", "Only while no instance of this workflow runs with the same correlation id.", "Elsa.Workflows.Runtime.ActivationValidators.CorrelatedSingletonStrategy, Elsa.Workflows.Runtime"),
        new("Correlation", "Only while no instance of any workflow runs with the same correlation id.", "Elsa.Workflows.Runtime.ActivationValidators.CorrelationStrategy, Elsa.Workflows.Runtime"),
        new("Singleton", "Only while no instance of this workflow runs.", "Elsa.Workflows.Runtime.ActivationValidators.SingletonStrategy, Elsa.Workflows.Runtime"),
    ];

    public static ImmutableArray<CommitStrategy> WorkflowCommits { get; } =
    [
        new("WorkflowExecuting", "Commit Before Workflow Execution", "The state is stored before the workflow runs."),
        new("WorkflowExecuted", "Commit After Workflow Execution", "The state is stored after the workflow has run."),
        new("ActivityExecuting", "Commit Before Activity Execution", "The state is stored before each activity."),
        new("ActivityExecuted", "Commit After Activity Execution", "The state is stored after each activity."),
    ];

    public static ImmutableArray<CommitStrategy> ActivityCommits { get; } =
    [
        new("CommitAlways", "Commit Before And After", "The state is stored before and after the activity."),
        new("CommitNever", "Commit Later", "The state is not stored because of the activity."),
        new("Executing", "Commit Before", "The state is stored before the activity."),
        new("Executed", "Commit After", "The state is stored after the activity."),
    ];

    /// <summary>The features by whose names clients decide what to offer.</summary>
    public static ImmutableArray<Feature> Features { get; } =
    [
        Named("Elsa", "Workflows"), Named("Elsa", "Flowchart"), Named("Elsa", "WorkflowRuntime"), Named("Elsa", "WorkflowManagement"),
        Named("Elsa", "WorkflowInstances"), Named("Elsa", "WorkflowDefinitions"), Named("Elsa", "WorkflowsApi"), Named("Elsa", "JavaScript"),
        Named("Elsa", "Liquid"), Named("Elsa", "Http"), Named("Elsa", "Scheduling"), Named("Elsa", "RealTimeWorkflowUpdates"), Named("Elsa", "Resilience"),
    ];

    private static Feature Named(string space, string name) => new(name, space, space + "." + name, name, "");

    private static ExpressionDescriptor Expression(string type, bool isBrowsable = true, string? language = null) => new(
        type, type, IsSerializable: true, isBrowsable,
        language is null
            ? new Dictionary<string, string>(StringComparer.Ordinal)
            : new Dictionary<string, string>(StringComparer.Ordinal) { ["MonacoLanguage"] = language });
}
