using System.Text;
using System.Xml;
using Automation.Steps.Values;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Transform;

/// <summary>Reads CSV.</summary>
[Activity("Automation.CsvToJson", Category = "Transform", DisplayName = "CSV to JSON", Description = "Makes a list of objects of comma-separated values.")]
internal sealed class CsvToJson : TransformActivity
{
    private const int MaxRows = 100_000;

    [Input(Order = 0, UIHint = "multiline", Description = "The text.")]
    public Input<string?> Text { get; } = new();

    [Input(Order = 1, DefaultValue = true, Description = "Whether the first line has the names; without them each row is a list.")]
    public Input<bool> Header { get; } = new();

    [Input(Order = 2, DefaultValue = ",", Description = "What stands between fields: a character, or Tab.")]
    public Input<string?> Delimiter { get; } = new();

    [Output(Description = "The rows; every value is a text.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        using var text = new StringReader((Text.Get(context) ?? "").TrimStart('\uFEFF'));
        Result.Set(context, Rows(text, Csv.Delimiter(Delimiter.Get(context) ?? ""), Header.Get(context)).ToList());
        context.Complete();
    }

    private static IEnumerable<object?> Rows(TextReader text, char delimiter, bool header)
    {
        List<string>? names = null;
        var count = 0;
        foreach (var record in Csv.Read(text, delimiter))
        {
            if (header && names is null)
            {
                if (record.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { Key: var twice })
                    throw new FormatException($"The header has \"{twice}\" twice.");
                names = record;
                continue;
            }

            if (++count > MaxRows)
                throw new FormatException($"Text has more than {MaxRows} rows.");
            if (names is not null && record.Count > names.Count)
                throw new FormatException($"Row {count} has {record.Count} fields, the header {names.Count}.");
            yield return names is null ? record.ConvertAll(object? (f) => f) : Named(names, record);
        }
    }

    private static Dictionary<string, object?> Named(List<string> names, List<string> record)
    {
        var row = new Dictionary<string, object?>(StringComparer.Ordinal);
        for (var i = 0; i < names.Count; i++)
            row[names[i]] = i < record.Count ? record[i] : null;
        return row;
    }
}

/// <summary>Writes CSV.</summary>
[Activity("Automation.JsonToCsv", Category = "Transform", DisplayName = "JSON to CSV", Description = "Makes comma-separated values of a list of objects.")]
internal sealed class JsonToCsv : TransformActivity
{
    [Input(Order = 0, UIHint = "json-editor", Description = "The rows: a list of objects.")]
    public Input<object?> Items { get; } = new();

    [Input(Order = 1, UIHint = "multitext", Description = "The columns in their order. All that come up if empty.")]
    public Input<object?> Columns { get; } = new();

    [Input(Order = 2, DefaultValue = true, Description = "Whether the first line has the names.")]
    public Input<bool> Header { get; } = new();

    [Input(Order = 3, DefaultValue = ",", Description = "What stands between fields: a character, or Tab.")]
    public Input<string?> Delimiter { get; } = new();

    [Output(Description = "The text; line ends are CR LF.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        var items = List(Items.Get(context), nameof(Items));
        var columns = List(Columns.Get(context), nameof(Columns)).Select(PlainJson.AsText).ToList();
        if (columns.Count == 0)
            columns = Csv.Columns(items);
        var delimiter = Csv.Delimiter(Delimiter.Get(context) ?? "");
        var text = new StringBuilder();
        if (Header.Get(context) && columns.Count > 0)
            Csv.Write(text, columns, delimiter);
        foreach (var item in items)
            Csv.Write(text, Csv.Fields(item, columns), delimiter);
        Result.Set(context, text.ToString());
        context.Complete();
    }
}

/// <summary>Reads XML.</summary>
[Activity("Automation.XmlToJson", Category = "Transform", DisplayName = "XML to JSON", Description = "Makes an object of XML: attributes as \"@name\", repeated elements as lists. A DTD is refused.")]
internal sealed class XmlToJson : TransformActivity
{
    [Input(Order = 0, UIHint = "multiline", Description = "The XML.")]
    public Input<string?> Text { get; } = new();

    [Output(Description = "The object; its one member is the root element.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        try
        {
            using var text = new StringReader(Text.Get(context) ?? "");
            Result.Set(context, PlainXml.Parse(text));
        }
        catch (XmlException e)
        {
            // .NET explains to its programmers how to allow a DTD; nobody can here.
            throw new FormatException($"Text is no XML that is taken: {(e.Message.Contains("DtdProcessing", StringComparison.Ordinal) ? "it has a DTD." : e.Message)}", e);
        }

        context.Complete();
    }
}

/// <summary>Writes XML.</summary>
[Activity("Automation.JsonToXml", Category = "Transform", DisplayName = "JSON to XML", Description = "Makes XML of an object: \"@name\" becomes an attribute, a list repeated elements, \"#text\" text.")]
internal sealed class JsonToXml : TransformActivity
{
    [Input(Order = 0, UIHint = "json-editor", Description = "The object.")]
    public Input<object?> Value { get; } = new();

    [Input(Order = 1, Description = "The root element; may be empty where the object has one member.")]
    public Input<string?> Root { get; } = new();

    [Output(Description = "The XML, without a declaration.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        Result.Set(context, PlainXml.Write(Read(Value.Get(context), nameof(Value)), Root.Get(context)));
        context.Complete();
    }
}
