using System.Globalization;
using System.Text;
using System.Xml;

namespace Automation.Steps.Values;

/// <summary>
/// XML as plain values and back: <c>&lt;a x="1"&gt;&lt;b&gt;2&lt;/b&gt;&lt;b&gt;3&lt;/b&gt;&lt;/a&gt;</c> is
/// <c>{ a: { "@x": "1", b: ["2", "3"] } }</c>; text beside elements is <c>#text</c>. No DTD, no namespaces, nothing fetched.
/// </summary>
internal static class PlainXml
{
    private const int MaxDepth = 64;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true, IgnoreWhitespace = true,
    };

    /// <exception cref="XmlException">The text is no XML, has a DTD, or is nested too deeply.</exception>
    public static Dictionary<string, object?> Parse(Stream xml) => Parse(XmlReader.Create(xml, Settings));

    /// <inheritdoc cref="Parse(Stream)"/>
    public static Dictionary<string, object?> Parse(TextReader xml) => Parse(XmlReader.Create(xml, Settings));

    /// <summary>The XML of an object with one member, or of any value below a given root.</summary>
    /// <exception cref="FormatException">A name is none of XML, or the value is nested too deeply.</exception>
    public static string Write(object? value, string? root)
    {
        var members = PlainJson.Members(value)?.ToList();
        if (string.IsNullOrEmpty(root))
        {
            if (members is not [var only] || PlainJson.Elements(only.Value) is not null)
                throw new FormatException("Value must be an object with one member that is no list, or Root must name the element around it.");
            (root, value) = only;
        }

        var text = new StringBuilder();
        try
        {
            using var writer = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true });
            WriteElement(writer, root, value, 0);
        }
        catch (Exception e) when (e is XmlException or ArgumentException)
        {
            throw new FormatException($"The value cannot be written as XML: {e.Message}", e);
        }

        return text.ToString();
    }

    /// <summary>Adds a member; a second of the same name makes a list.</summary>
    public static void Add(Dictionary<string, object?> members, string name, object? value)
    {
        if (!members.TryGetValue(name, out var present))
            members[name] = value;
        else if (present is List<object?> list)
            list.Add(value);
        else
            members[name] = new List<object?> { present, value };
    }

    private static Dictionary<string, object?> Parse(XmlReader reader)
    {
        using (reader)
        {
            reader.MoveToContent();
            var parsed = new Dictionary<string, object?>(StringComparer.Ordinal) { [reader.LocalName] = Element(reader, 0) };
            // What follows must be nothing, or the text was no document.
            while (reader.Read())
            {
            }

            return parsed;
        }
    }

    private static object? Element(XmlReader reader, int depth)
    {
        if (depth > MaxDepth)
            throw new XmlException(string.Create(CultureInfo.InvariantCulture, $"More than {MaxDepth} levels of elements."));
        Dictionary<string, object?>? members = null;
        var empty = reader.IsEmptyElement;
        while (reader.MoveToNextAttribute())
        {
            if (reader.Prefix != "xmlns" && reader.Name != "xmlns")
                Add(members ??= new(StringComparer.Ordinal), "@" + reader.LocalName, reader.Value);
        }

        StringBuilder? text = null;
        if (!empty)
        {
            while (reader.Read() && reader.NodeType != XmlNodeType.EndElement)
            {
                if (reader.NodeType == XmlNodeType.Element)
                    Add(members ??= new(StringComparer.Ordinal), reader.LocalName, Element(reader, depth + 1));
                else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
                    (text ??= new StringBuilder()).Append(reader.Value);
            }
        }

        if (members is null)
            return text?.ToString() ?? "";
        if (text is not null)
            members["#text"] = text.ToString();
        return members;
    }

    private static void WriteElement(XmlWriter writer, string name, object? value, int depth)
    {
        if (depth > MaxDepth)
            throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"The value has more than {MaxDepth} levels."));
        if (PlainJson.Elements(value) is { } list)
        {
            foreach (var one in list)
                WriteElement(writer, name, one, depth + 1);
            return;
        }

        writer.WriteStartElement(XmlConvert.VerifyNCName(name));
        if (PlainJson.Members(value)?.ToList() is { } members)
        {
            foreach (var (attribute, text) in members.Where(m => m.Key.StartsWith('@')))
                writer.WriteAttributeString(XmlConvert.VerifyNCName(attribute[1..]), PlainJson.AsText(text));
            foreach (var (child, inner) in members.Where(m => !m.Key.StartsWith('@')))
            {
                if (child == "#text")
                    writer.WriteString(PlainJson.AsText(inner));
                else
                    WriteElement(writer, child, inner, depth + 1);
            }
        }
        else
        {
            writer.WriteString(PlainJson.AsText(value));
        }

        writer.WriteEndElement();
    }
}
