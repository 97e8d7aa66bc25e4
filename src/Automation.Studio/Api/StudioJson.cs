using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Automation.Studio.Api.Alterations;
using Automation.Studio.Api.Definitions;
using Automation.Studio.Api.Descriptors;
using Automation.Studio.Api.Instances;
using Automation.Studio.Api.Labels;
using Automation.Studio.Api.Other;
using Automation.Studio.Live;
using Automation.Workflows.Execution;
using Automation.Workflows.Journal;

namespace Automation.Studio.Api;

/// <summary>A list with its length.</summary>
internal sealed record ListAnswer<T>(IReadOnlyList<T> Items)
{
    public int Count => Items.Count;
}

/// <summary>A page of a longer list.</summary>
internal sealed record PageAnswer<T>(IReadOnlyList<T> Items, long TotalCount)
{
    public IReadOnlyList<Link>? Links { get; init; }
}

/// <summary>A list that says nothing about itself.</summary>
internal sealed record PlainList<T>(IReadOnlyList<T> Items);

/// <summary>How everything of this API is written: camelCase, enums by name, nothing for null.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    Converters = [typeof(JsonStringEnumConverter<WorkflowStatus>), typeof(JsonStringEnumConverter<WorkflowSubStatus>), typeof(JsonStringEnumConverter<ActivityStatus>)])]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(IReadOnlyList<Link>))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(List<JsonObject>))]
[JsonSerializable(typeof(ListAnswer<JsonObject>))]
[JsonSerializable(typeof(PageAnswer<JsonObject>))]
[JsonSerializable(typeof(ListAnswer<ExpressionDescriptor>))]
[JsonSerializable(typeof(PlainList<VariableType>))]
[JsonSerializable(typeof(PlainList<StorageDriver>))]
[JsonSerializable(typeof(ListAnswer<Strategy>))]
[JsonSerializable(typeof(ListAnswer<CommitStrategy>))]
[JsonSerializable(typeof(ListAnswer<Feature>))]
[JsonSerializable(typeof(Feature))]
[JsonSerializable(typeof(PageAnswer<DefinitionRow>))]
[JsonSerializable(typeof(DefinitionRow))]
[JsonSerializable(typeof(SaveRequest))]
[JsonSerializable(typeof(SaveAnswer))]
[JsonSerializable(typeof(UniqueAnswer))]
[JsonSerializable(typeof(CountAnswer))]
[JsonSerializable(typeof(IdsRequest))]
[JsonSerializable(typeof(DefinitionIdsRequest))]
[JsonSerializable(typeof(DeletedAnswer))]
[JsonSerializable(typeof(BulkPublishAnswer))]
[JsonSerializable(typeof(BulkRetractAnswer))]
[JsonSerializable(typeof(ConsumersAnswer))]
[JsonSerializable(typeof(UpdateReferencesAnswer))]
[JsonSerializable(typeof(RefreshAnswer))]
[JsonSerializable(typeof(RefreshRequest))]
[JsonSerializable(typeof(ActivityNode))]
[JsonSerializable(typeof(SegmentsAnswer))]
[JsonSerializable(typeof(RunRequest))]
[JsonSerializable(typeof(DispatchAnswer))]
[JsonSerializable(typeof(BulkDispatchAnswer))]
[JsonSerializable(typeof(InstanceListRequest))]
[JsonSerializable(typeof(PageAnswer<InstanceRow>))]
[JsonSerializable(typeof(ExecutionStateAnswer))]
[JsonSerializable(typeof(ListAnswer<VariableAnswer>))]
[JsonSerializable(typeof(SetVariablesRequest))]
[JsonSerializable(typeof(BulkInstancesRequest))]
[JsonSerializable(typeof(CancelledAnswer))]
[JsonSerializable(typeof(ImportedAnswer))]
[JsonSerializable(typeof(JournalRequest))]
[JsonSerializable(typeof(PageAnswer<JournalLine>))]
[JsonSerializable(typeof(JournalLine))]
[JsonSerializable(typeof(ListAnswer<ExecutionRecord>))]
[JsonSerializable(typeof(ListAnswer<ExecutionSummary>))]
[JsonSerializable(typeof(ExecutionRecord))]
[JsonSerializable(typeof(List<ExecutionRecord>))]
[JsonSerializable(typeof(List<JournalLine>))]
[JsonSerializable(typeof(CallStackAnswer))]
[JsonSerializable(typeof(ReportRequest))]
[JsonSerializable(typeof(ReportAnswer))]
[JsonSerializable(typeof(EventRequest))]
[JsonSerializable(typeof(TaskRequest))]
[JsonSerializable(typeof(ResumeRequest))]
[JsonSerializable(typeof(TestRequest))]
[JsonSerializable(typeof(TestAnswer))]
[JsonSerializable(typeof(LoginRequest))]
[JsonSerializable(typeof(LoginAnswer))]
[JsonSerializable(typeof(VersionAnswer))]
[JsonSerializable(typeof(TypeDefinitionsRequest))]
[JsonSerializable(typeof(RetryRequest))]
[JsonSerializable(typeof(AlterationsRequest))]
[JsonSerializable(typeof(AlterationFilter))]
[JsonSerializable(typeof(AlterationTargets))]
[JsonSerializable(typeof(AlterationsAnswer))]
[JsonSerializable(typeof(PlanRequest))]
[JsonSerializable(typeof(PlanAnswer))]
[JsonSerializable(typeof(PlanState))]
[JsonSerializable(typeof(IReadOnlyList<AlterationLogEntry>))]
[JsonSerializable(typeof(Label))]
[JsonSerializable(typeof(PageAnswer<Label>))]
[JsonSerializable(typeof(LabelRequest))]
[JsonSerializable(typeof(LabelIdsRequest))]
[JsonSerializable(typeof(ListAnswer<string>))]
[JsonSerializable(typeof(SecretRow))]
[JsonSerializable(typeof(PageAnswer<SecretRow>))]
[JsonSerializable(typeof(ListAnswer<SecretRow>))]
[JsonSerializable(typeof(SecretRequest))]
[JsonSerializable(typeof(ListAnswer<SecretType>))]
[JsonSerializable(typeof(SecretTest))]
[JsonSerializable(typeof(StatsMessage))]
[JsonSerializable(typeof(EmptyMessage))]
[JsonSerializable(typeof(InstanceMessage))]
internal sealed partial class StudioJson : JsonSerializerContext;
