using Automation.Steps.Activities;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Files;

/// <summary>Appends to a file.</summary>
[Activity(Type, Category = "Data", DisplayName = "Append to file", Kind = ActivityKind.Task, Description = "Appends rows or text to a file in the folder of files, once, however often the step is tried.")]
internal sealed class AppendToFile : OutsideActivity
{
    public const string Type = "Automation.AppendToFile";

    [Input(Order = 0, Description = "The file, such as reports/calls.csv.")]
    public Input<string> Path { get; } = new();

    [Input(Order = 1, UIHint = "dropdown", DefaultValue = "Ndjson", Options = ["Ndjson", "Csv", "Text"], Description = "Ndjson: a line of JSON for each item. Csv: the first line of a new file has the names. Text: as it is.")]
    public Input<string?> Format { get; } = new();

    [Input(Order = 2, UIHint = "multiline", Description = "An object, a list of objects, or text.")]
    public Input<object?> Content { get; } = new();

    [Input(Order = 3, UIHint = "multitext", Description = "For a new CSV file: the columns in their order; those of the rows if empty.")]
    public Input<object?> Columns { get; } = new();

    [Output(Description = "The size of the file in bytes.")]
    public Output<object?> Size { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs) => Set(context, Size, outputs, nameof(Size));
}

/// <summary>Reads a file.</summary>
[Activity(Type, Category = "Data", DisplayName = "Read file", Kind = ActivityKind.Task, Description = "Reads rows or text from a file in the folder of files.")]
[Outcome("Found"), Outcome("Not found"), Outcome("Done")]
internal sealed class ReadFromFile : OutsideActivity
{
    public const string Type = "Automation.ReadFromFile";

    [Input(Order = 0, Description = "The file, such as reports/calls.csv.")]
    public Input<string> Path { get; } = new();

    [Input(Order = 1, UIHint = "dropdown", DefaultValue = "Ndjson", Options = ["Ndjson", "Csv", "Text"], Description = "Csv: the first line has the names. Text: each line a row.")]
    public Input<string?> Format { get; } = new();

    [Input(Order = 2, DefaultValue = 0, Description = "Rows to leave out at the beginning.")]
    public Input<long> Skip { get; } = new();

    [Input(Order = 3, Description = "Most rows to read; as many as the configuration allows if empty.")]
    public Input<int?> Take { get; } = new();

    [Output(Description = "The rows.")]
    public Output<object?> Rows { get; } = new();

    [Output(Description = "Whether there are more.")]
    public Output<object?> HasMore { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs)
    {
        Set(context, Rows, outputs, nameof(Rows));
        Set(context, HasMore, outputs, nameof(HasMore));
    }
}
