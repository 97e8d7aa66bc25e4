using System.Globalization;
using System.Text;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Queries;

/// <summary>
/// The conditions of an instance filter as SQL. Each sort column has an index that also holds what is filtered by most
/// (status, system, incidents, definition), so that a list over millions of instances is answered from one index; where
/// SQLite would choose another, the query names it.
/// </summary>
internal sealed class InstanceSearch
{
    private static readonly WorkflowSubStatus[] RunningStatuses =
        [WorkflowSubStatus.Pending, WorkflowSubStatus.Executing, WorkflowSubStatus.Suspended, WorkflowSubStatus.Interrupted];

    private static readonly WorkflowSubStatus[] OverStatuses = [WorkflowSubStatus.Finished, WorkflowSubStatus.Cancelled, WorkflowSubStatus.Faulted];

    private readonly StringBuilder _where = new();
    private readonly bool _sqlite;

    public InstanceSearch(InstanceFilter filter, DatabaseProvider provider, IReadOnlyCollection<string> definitionsOfTerm)
    {
        _sqlite = provider == DatabaseProvider.Sqlite;
        AddStatus(filter);
        if (filter.IsSystem is { } system)
            And($"is_system = {(system ? "TRUE" : "FALSE")}");
        if (filter.HasIncidents is { } incidents)
            And(incidents ? "incident_count > 0" : "incident_count = 0");
        AddList("definition_id", filter.DefinitionIds);
        var others = _where.ToString();
        var times = filter.Timestamps.Select(t => (t.Column, Sql: $"{ColumnOf(t.Column)} {OperatorOf(t.Operator)} {Parameter(SqlValue.ToMicros(t.Timestamp))}")).ToList();
        foreach (var (_, sql) in times)
            And(sql);
        if (_sqlite && times.Count > 0 && filter.DefinitionVersionIds.Count == 0)
            WhereByRow = ByRow(others, filter.OrderBy, times);

        IsCovered = filter.Timestamps.All(t => t.Column == filter.OrderBy);
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
            AndSelective(Contains(filter.SearchTerm.Trim(), definitionsOfTerm));
    }

    /// <summary>The parameters, <c>$1</c> first.</summary>
    public List<object> Parameters { get; } = [];

    /// <summary>Whether the index of the sort column answers every condition.</summary>
    public bool IsCovered { get; private set; }

    /// <summary>Whether a condition is on a time.</summary>
    public bool IsByTime { get; }

    /// <summary>
    /// The conditions for a walk of the sort column's index where a condition is on another time: the rows that pass it
    /// come from that time's index, so that no row has to be fetched. Null where there is none.
    /// </summary>
    public string? WhereByRow { get; }

    /// <summary>Whether definitions are given.</summary>
    public bool HasDefinitions { get; }

    /// <summary>Whether a condition leaves so few rows that they are fetched and sorted.</summary>
    public bool IsSelective { get; private set; }

    /// <summary>The conditions, beginning with <c>WHERE</c>; empty for none.</summary>
    public string Where => _where.ToString();

    public static string ColumnOf(InstanceOrder column) => column switch
    {
        InstanceOrder.Created => "created_at",
        InstanceOrder.Updated => "updated_at",
        InstanceOrder.Finished => "finished_at",
        _ => "name",
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

    private static string ByRow(string others, InstanceOrder order, List<(InstanceOrder Column, string Sql)> times)
    {
        var where = new StringBuilder(others);
        foreach (var column in times.GroupBy(t => t.Column))
        {
            var conditions = string.Join(" AND ", column.Select(t => t.Sql));
            where.Append(where.Length == 0 ? "WHERE " : " AND ").Append(column.Key == order
                ? conditions
                : $"+rowid IN (SELECT rowid FROM workflow_instances INDEXED BY {IndexOf(column.Key)} WHERE {conditions})");
        }

        return where.ToString();
    }

    private void AddStatus(InstanceFilter filter)
    {
        var wanted = new HashSet<WorkflowSubStatus>(filter.Statuses.Count == 0
            ? []
            : filter.Statuses.SelectMany(s => s == WorkflowStatus.Running ? RunningStatuses : OverStatuses));
        if (filter.SubStatuses.Count > 0)
        {
            if (filter.Statuses.Count == 0)
                wanted.UnionWith(filter.SubStatuses);
            else
                wanted.IntersectWith(filter.SubStatuses);
        }

        if (filter.Statuses.Count + filter.SubStatuses.Count > 0)
            And(wanted.Count == 0 ? "FALSE" : $"sub_status IN ({string.Join(", ", wanted.Select(s => (int)s).Order())})");
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

    private string Contains(string term, IReadOnlyCollection<string> definitions)
    {
        var pattern = Parameter($"%{term.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%");
        var byDefinition = definitions.Count == 0 ? "FALSE" : $"definition_id IN ({string.Join(", ", definitions.Select(Parameter))})";
        if (!_sqlite)
            return $"(id ILIKE {pattern} OR correlation_id ILIKE {pattern} OR name ILIKE {pattern} OR {byDefinition})";

        // One narrow index after the other instead of every row; ids are hexadecimal, so other terms need no look at them.
        var parts = new List<string>
        {
            $"SELECT rowid FROM workflow_instances INDEXED BY ix_workflow_instances_correlation WHERE correlation_id IS NOT NULL AND correlation_id LIKE {pattern} ESCAPE '\\'",
            $"SELECT rowid FROM workflow_instances INDEXED BY ix_workflow_instances_name WHERE name > '' AND name LIKE {pattern} ESCAPE '\\'",
        };
        if (term.All(c => char.IsAsciiHexDigit(c) || c == '-'))
            parts.Add($"SELECT rowid FROM workflow_instances WHERE id LIKE {pattern} ESCAPE '\\'");
        else
            parts.Add($"SELECT rowid FROM workflow_instances WHERE id = {Parameter(term)}");
        if (definitions.Count > 0)
            parts.Add($"SELECT rowid FROM workflow_instances INDEXED BY ix_workflow_instances_definition WHERE {byDefinition}");
        return $"rowid IN ({string.Join(" UNION ALL ", parts)})";
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
