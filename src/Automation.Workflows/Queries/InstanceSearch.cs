using System.Globalization;
using System.Text;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Queries;

/// <summary>
/// The conditions of an instance filter as SQL. Each sort column has an index that also holds what is filtered by most
/// (status, system, incidents, definition, the other times), so that a list over millions of instances is answered from one
/// index; where SQLite would choose another, the query names it.
/// </summary>
internal sealed class InstanceSearch
{
    private static readonly WorkflowSubStatus[] RunningStatuses =
        [WorkflowSubStatus.Pending, WorkflowSubStatus.Executing, WorkflowSubStatus.Suspended, WorkflowSubStatus.Interrupted];

    private static readonly WorkflowSubStatus[] OverStatuses = [WorkflowSubStatus.Finished, WorkflowSubStatus.Cancelled, WorkflowSubStatus.Faulted];

    private static readonly string[] Filtered = ["sub_status", "is_system", "incident_count", "definition_id"];

    private readonly StringBuilder _where = new();
    private readonly bool _sqlite;
    private string? _end;

    public InstanceSearch(InstanceFilter filter, DatabaseProvider provider, IReadOnlyCollection<string> definitionsOfTerm)
    {
        _sqlite = provider == DatabaseProvider.Sqlite;
        AddStatus(filter);
        if (filter.IsSystem is { } system)
            And($"is_system = {(system ? "TRUE" : "FALSE")}");
        if (filter.HasIncidents is { } incidents)
            And(incidents ? "incident_count > 0" : "incident_count = 0");
        AddList("definition_id", filter.DefinitionIds);
        foreach (var time in filter.Timestamps)
            And($"{ColumnOf(time.Column)} {OperatorOf(time.Operator)} {Parameter(SqlValue.ToMicros(time.Timestamp))}");

        IsByTime = filter.Timestamps.Count > 0;
        HasDefinitions = filter.DefinitionIds.Count > 0;
        AddList("id", filter.Ids, selective: true);
        AddList("definition_version_id", filter.DefinitionVersionIds, selective: filter.DefinitionIds.Count > 0);
        if (filter.CorrelationId is { } correlation)
            AndSelective($"correlation_id = {Parameter(correlation)}");
        if (filter.ParentInstanceId is { } parent)
            AndSelective($"parent_id = {Parameter(parent)}");
        if (filter.Name is { } name)
            AndSelective($"name = {Parameter(name)}");
        if (filter.Version is { } version)
            AndSelective($"definition_version = {Parameter(version)}");
        if (!string.IsNullOrWhiteSpace(filter.SearchTerm))
            Term = new InstanceTerm(filter.SearchTerm.Trim(), provider, definitionsOfTerm);
    }

    /// <summary>The parameters, <c>$1</c> first.</summary>
    public List<object> Parameters { get; } = [];

    /// <summary>Whether the index of the sort column answers every condition.</summary>
    public bool IsCovered { get; private set; } = true;

    /// <summary>What is searched for; not among the conditions before <see cref="Restrict"/> or <see cref="LookAtRows"/>.</summary>
    public InstanceTerm? Term { get; }

    /// <summary>Whether a condition is on a time.</summary>
    public bool IsByTime { get; }

    /// <summary>Whether definitions are given.</summary>
    public bool HasDefinitions { get; }

    /// <summary>Whether a condition leaves so few rows that they are fetched and sorted.</summary>
    public bool IsSelective { get; private set; }

    /// <summary>The rows that the conditions are about.</summary>
    public string From { get; private set; } = "workflow_instances";

    /// <summary>The conditions, beginning with <c>WHERE</c>; empty for none.</summary>
    public string Where => _where.ToString();

    /// <summary>The same for a walk in the filter's order.</summary>
    public string WhereWalking => _end is null ? Where : $"{Where} AND {_end}";

    public static string ColumnOf(InstanceOrder column) => column switch
    {
        InstanceOrder.Created => "created_at",
        InstanceOrder.Updated => "updated_at",
        InstanceOrder.Finished => "finished_at",
        _ => "name",
    };

    /// <summary>The columns of a sort column's index on SQLite, in which rows of the same time or name follow each other.</summary>
    public static string[] IndexColumnsOf(InstanceOrder column) => column switch
    {
        InstanceOrder.Created => ["created_at", .. Filtered, "updated_at", "finished_at", "rowid"],
        InstanceOrder.Updated => ["updated_at", .. Filtered, "created_at", "finished_at", "rowid"],
        InstanceOrder.Finished => ["finished_at", .. Filtered, "created_at", "updated_at", "rowid"],
        _ => ["name", .. Filtered, "created_at", "updated_at", "finished_at", "rowid"],
    };

    public static string IndexOf(InstanceOrder column) => column switch
    {
        InstanceOrder.Created => "ix_workflow_instances_created",
        InstanceOrder.Updated => "ix_workflow_instances_updated",
        InstanceOrder.Finished => "ix_workflow_instances_finished",
        _ => "ix_workflow_instances_name",
    };

    public string Parameter(object value)
    {
        Parameters.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${Parameters.Count}");
    }

    /// <summary>Only the rows that a search has found.</summary>
    /// <param name="keys">Numbers of rows on SQLite, ids on PostgreSQL.</param>
    public void Restrict(IReadOnlyCollection<object> keys)
    {
        IsSelective = true;
        IsCovered = false;
        if (_sqlite)
        {
            And($"rowid IN (SELECT value FROM json_each({Parameter($"[{string.Join(',', keys)}]")}))");
            return;
        }

        // Given thousands of ids, PostgreSQL would rather walk a whole index and compare than look each up, which takes a fifth.
        From = $"(SELECT i.* FROM unnest({Parameter(keys.Cast<string>().ToArray())}) AS found(key) "
            + "CROSS JOIN LATERAL (SELECT * FROM workflow_instances WHERE id = found.key OFFSET 0) i) workflow_instances";
    }

    /// <summary>Only rows that have the text at one of these places, found out by looking at each, or whose key is among these.</summary>
    public void LookAtRows(IReadOnlyList<InstanceTerm.Place> places, IReadOnlyCollection<object> keys)
    {
        var conditions = places.Select(p => p.Condition(Parameter)).ToList();
        if (keys.Count > 0)
            conditions.Add(_sqlite ? $"rowid IN (SELECT value FROM json_each({Parameter($"[{string.Join(',', keys)}]")}))" : $"id = ANY({Parameter(keys.Cast<string>().ToArray())})");
        // One alone may be a range of the index that is walked.
        And(conditions.Count == 1 ? conditions[0] : $"(({string.Join(") OR (", conditions)}))");
    }

    /// <summary>The sub-statuses that a filter lets through; null for all.</summary>
    public static HashSet<WorkflowSubStatus>? StatusesOf(InstanceFilter filter)
    {
        if (filter.Statuses.Count + filter.SubStatuses.Count == 0)
            return null;
        var wanted = new HashSet<WorkflowSubStatus>(filter.Statuses.SelectMany(s => s == WorkflowStatus.Running ? RunningStatuses : OverStatuses));
        if (filter.Statuses.Count == 0)
            wanted.UnionWith(filter.SubStatuses);
        else if (filter.SubStatuses.Count > 0)
            wanted.IntersectWith(filter.SubStatuses);
        return wanted;
    }

    private void AddStatus(InstanceFilter filter)
    {
        if (StatusesOf(filter) is not { } wanted)
            return;
        And(wanted.Count == 0 ? "FALSE" : $"sub_status IN ({string.Join(", ", wanted.Select(s => (int)s).Order())})");
        // Sorted by their end, those that have not ended lie together: the walk need not pass the others.
        if (filter.OrderBy == InstanceOrder.Finished && !wanted.Overlaps(OverStatuses))
            _end = "finished_at IS NULL";
        else if (filter.OrderBy == InstanceOrder.Finished && !wanted.Overlaps(RunningStatuses))
            _end = "finished_at IS NOT NULL";
    }

    private void AddList(string column, IReadOnlyCollection<string> values, bool selective = false)
    {
        if (values.Count == 0)
            return;
        var condition = $"{column} IN ({string.Join(", ", values.Select(Parameter))})";
        if (selective)
            AndSelective(condition);
        else
            And(condition);
    }

    private void AndSelective(string condition)
    {
        IsSelective = true;
        IsCovered = false;
        And(condition);
    }

    private void And(string condition) => _where.Append(_where.Length == 0 ? "WHERE " : " AND ").Append(condition);

    private static string OperatorOf(TimestampOperator op) => op switch
    {
        TimestampOperator.Is => "=",
        TimestampOperator.IsNot => "<>",
        TimestampOperator.LessThan => "<",
        TimestampOperator.GreaterThan => ">",
        TimestampOperator.LessThanOrEqual => "<=",
        _ => ">=",
    };
}
