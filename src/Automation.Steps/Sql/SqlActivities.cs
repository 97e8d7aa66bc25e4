using Automation.Steps.Activities;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Sql;

/// <summary>Reads rows.</summary>
[Activity(Type, Category = "Data", DisplayName = "SQL query", Kind = ActivityKind.Task, Description = "Reads rows from a database of the configuration, with parameters.")]
[Outcome("Found"), Outcome("Not found"), Outcome("Done")]
internal sealed class SqlQuery : OutsideActivity
{
    public const string Type = "Automation.SqlQuery";

    [Input(Order = 0, UIHint = "dropdown", Description = "The database; see Automation:Steps:Sql:Connections.")]
    public Input<string> Connection { get; } = new();

    [Input(Order = 1, DisplayName = "SQL", UIHint = "multiline", Description = "The statement. Values go in as parameters: WHERE id = @id.")]
    public Input<string> Sql { get; } = new();

    [Input(Order = 2, UIHint = "json-editor", Description = "The parameters: {\"id\": 7}.")]
    public Input<object?> Parameters { get; } = new();

    [Input(Order = 30, Category = "Advanced", Description = "Most rows; the server's limit if empty.")]
    public Input<int?> MaxRows { get; } = new();

    [Input(Order = 31, Category = "Advanced", Description = "How long it may take, such as 00:00:10.")]
    public Input<TimeSpan?> Timeout { get; } = new();

    [Output(Description = "The rows, each an object by column.")]
    public Output<object?> Rows { get; } = new();

    [Output(Description = "The first row; null where there is none.")]
    public Output<object?> Row { get; } = new();

    [Output(Description = "Whether there were more rows than the limit.")]
    public Output<object?> HasMore { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs)
    {
        Set(context, Rows, outputs, nameof(Rows));
        Set(context, Row, outputs, nameof(Row));
        Set(context, HasMore, outputs, nameof(HasMore));
    }
}

/// <summary>Changes rows.</summary>
[Activity(Type, Category = "Data", DisplayName = "SQL execute", Kind = ActivityKind.Task,
    Description = "Changes rows in a database of the configuration: one statement or several in one transaction, exactly once however often the step is tried.")]
internal sealed class SqlExecute : OutsideActivity
{
    public const string Type = "Automation.SqlExecute";

    [Input(Order = 0, UIHint = "dropdown", Description = "The database; see Automation:Steps:Sql:Connections.")]
    public Input<string> Connection { get; } = new();

    [Input(Order = 1, DisplayName = "SQL", UIHint = "multiline", Description = "The statement. Values go in as parameters: SET name = @name.")]
    public Input<string?> Sql { get; } = new();

    [Input(Order = 2, UIHint = "json-editor", Description = "The parameters: {\"name\": \"Ann\"}.")]
    public Input<object?> Parameters { get; } = new();

    [Input(Order = 3, UIHint = "json-editor", Description = "Further statements of the same transaction: [{\"sql\":\"…\",\"parameters\":{…}}].")]
    public Input<object?> Statements { get; } = new();

    [Input(Order = 30, Category = "Advanced", Description = "How long all of them may take, such as 00:00:10.")]
    public Input<TimeSpan?> Timeout { get; } = new();

    [Output(Description = "How many rows were changed.")]
    public Output<object?> Affected { get; } = new();

    [Output(Description = "The rows that the last statement returned (RETURNING).")]
    public Output<object?> Rows { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs)
    {
        Set(context, Affected, outputs, nameof(Affected));
        Set(context, Rows, outputs, nameof(Rows));
    }
}

/// <summary>The SQL steps as designers see them: with the databases that there are.</summary>
internal static class SqlFamilies
{
    public static ActivityFamily Of(string type, SqlOptions options) => new(
        type,
        (name, general) => name != type ? null : general with
        {
            Inputs = [.. general.Inputs.Select(i => i.Name == "Connection" ? i with { UISpecifications = ActivityChoices.DropDown(options.Connections.Keys.Order(StringComparer.OrdinalIgnoreCase)) } : i)],
        },
        () => [type]);
}
