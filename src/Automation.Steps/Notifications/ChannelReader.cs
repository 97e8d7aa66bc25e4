using System.Text.Json;

namespace Automation.Steps.Notifications;

/// <summary>Reads a channel that people wrote as JSON, and says what is wrong with it so that they can mend it.</summary>
public static class ChannelReader
{
    private static readonly string[] Settings = [.. NotificationJson.Default.ChannelOptions.Properties.Select(p => p.Name)];

    /// <summary>The channel.</summary>
    /// <param name="json">An object of settings.</param>
    /// <exception cref="ChannelException">It is none; the message says why and what there is.</exception>
    public static ChannelOptions Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new ChannelException($"A channel is an object such as {{\"kind\":\"Inbox\"}}, not {json.ValueKind}.");
        foreach (var member in json.EnumerateObject())
        {
            if (!Settings.Contains(member.Name, StringComparer.OrdinalIgnoreCase))
                throw new ChannelException($"\"{Cut(member.Name)}\" is no setting of a channel. There are {string.Join(", ", Settings)}.");
            if (member.Name.Equals("kind", StringComparison.OrdinalIgnoreCase))
                CheckName<ChannelKind>("kind", member.Value);
            if (member.Name.Equals("security", StringComparison.OrdinalIgnoreCase))
                CheckName<MailSecurity>("security", member.Value);
            // "5" would be five days.
            if (member.Name.Equals("digestEvery", StringComparison.OrdinalIgnoreCase) && member.Value is { ValueKind: JsonValueKind.String } every && !every.GetString()!.Contains(':', StringComparison.Ordinal))
                throw new ChannelException($"digestEvery is {Cut(every.GetRawText())}; it must be {Kind("digestEvery")}.");
        }

        try
        {
            return json.Deserialize(NotificationJson.Default.ChannelOptions)!;
        }
        catch (JsonException e)
        {
            var name = e.Path?.TrimStart('$', '.') ?? "";
            var value = json.EnumerateObject().FirstOrDefault(m => m.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
            throw new ChannelException($"{name} is {(value.ValueKind == JsonValueKind.Undefined ? "of another kind" : Cut(value.GetRawText()))}; it must be {Kind(name)}.");
        }
    }

    /// <summary>The channel, from text.</summary>
    /// <inheritdoc cref="Read(JsonElement)"/>
    public static ChannelOptions Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new ChannelException($"The settings are not JSON: {e.Message}");
        }
    }

    private static string Kind(string name) => name.ToUpperInvariant() switch
    {
        "ENABLED" => "true or false",
        "LIMITPERMINUTE" or "PORT" => "a whole number",
        "DIGESTEVERY" => "a duration such as 01:00:00 for an hour",
        _ => "a text",
    };

    private static void CheckName<T>(string setting, JsonElement value)
        where T : struct, Enum
    {
        var names = Enum.GetNames<T>();
        if (value.ValueKind != JsonValueKind.String || !names.Contains(value.GetString(), StringComparer.OrdinalIgnoreCase))
            throw new ChannelException($"{setting} is {Cut(value.GetRawText())}; there are {string.Join(", ", names)}.");
    }

    private static string Cut(string text) => text.Length <= 100 ? text : text[..100] + "…";
}
