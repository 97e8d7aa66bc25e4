using System.Text.Json;
using Automation.Steps.Editing;
using Automation.Steps.Outgoing;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Notifications;

/// <summary>A channel by name.</summary>
/// <param name="Name">What steps name it by.</param>
/// <param name="Options">What it does.</param>
/// <param name="IsFromConfiguration">Whether only the configuration can change it.</param>
public sealed record Channel(string Name, ChannelOptions Options, bool IsFromConfiguration)
{
    /// <summary>Changes with what an editor sees of it.</summary>
    public string Tag => EntityTags.Of(Options);
}

/// <summary>A channel is missing or not valid; the message says which and why.</summary>
public sealed class ChannelException(string message) : Exception(message);

/// <summary>The channels of the configuration and those stored in the database.</summary>
public sealed class ChannelStore(Database database, IOptions<NotificationOptions> options, OutgoingGuard guard, TimeProvider clock)
{
    private static readonly SqlStatement All = new("SELECT name, settings FROM channels ORDER BY name");

    private static readonly SqlStatement One = new("SELECT settings FROM channels WHERE name = $1");

    private static readonly SqlStatement Upsert = new(
        """
        INSERT INTO channels (name, settings, created_at, updated_at) VALUES ($1, $2, $3, $3)
        ON CONFLICT (name) DO UPDATE SET settings = excluded.settings, updated_at = excluded.updated_at
        """);

    private static readonly SqlStatement Delete = new("DELETE FROM channels WHERE name = $1");

    /// <summary>All channels, by name.</summary>
    public async Task<IReadOnlyList<Channel>> ListAsync(CancellationToken cancellationToken)
    {
        var found = options.Value.Channels.Select(c => new Channel(c.Key, c.Value, IsFromConfiguration: true)).ToList();
        foreach (var row in (await database.QueryAsync(All, cancellationToken)).Rows)
        {
            if (!options.Value.Channels.ContainsKey(row[0].AsText!))
                found.Add(new Channel(row[0].AsText!, Read(row[1].AsText!), IsFromConfiguration: false));
        }

        found.Sort((a, b) => StringComparer.OrdinalIgnoreCase.Compare(a.Name, b.Name));
        return found;
    }

    /// <summary>A channel; null where there is none.</summary>
    public async ValueTask<Channel?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (options.Value.Channels.TryGetValue(name, out var configured))
            return new Channel(name, configured, IsFromConfiguration: true);
        return (await database.QueryAsync(One, cancellationToken, name)).Rows is [var row, ..] ? new Channel(name, Read(row[0].AsText!), IsFromConfiguration: false) : null;
    }

    /// <summary>Stores a channel, or replaces what is stored.</summary>
    /// <exception cref="ChannelException">It is not valid, or the configuration has one of that name.</exception>
    public async Task SetAsync(string name, ChannelOptions channel, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ThrowIfConfigured(name);
        if (channel.WhyNotValid(name) is { } why)
            throw new ChannelException(why);
        try
        {
            if (!string.IsNullOrWhiteSpace(channel.Url) && OutgoingGuard.Check(channel.Url) is var url)
                guard.CheckAhead(url.Host, url.Port);
            if (channel.Kind == ChannelKind.Email)
                guard.CheckAhead(channel.Host!.Trim(), channel.PortOrDefault());
        }
        catch (OutgoingRefusedException e)
        {
            throw new ChannelException(e.Message);
        }

        var json = JsonSerializer.Serialize(channel, NotificationJson.Default.ChannelOptions);
        await database.CommitAsync(new WriteUnit().Add(Upsert, name, json, SqlValue.Micros(clock.GetUtcNow())), cancellationToken: cancellationToken);
    }

    /// <summary>Removes a stored channel.</summary>
    /// <returns>False where there was none.</returns>
    /// <exception cref="ChannelException">The configuration has it.</exception>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellationToken)
    {
        ThrowIfConfigured(name);
        try
        {
            await database.CommitAsync(new WriteUnit().AddExpectingOne(Delete, name), cancellationToken: cancellationToken);
            return true;
        }
        catch (WriteConflictException)
        {
            return false;
        }
    }

    private void ThrowIfConfigured(string name)
    {
        if (options.Value.Channels.ContainsKey(name))
            throw new ChannelException($"The channel \"{name}\" is part of the configuration (Automation:Steps:Notifications:Channels); change it there.");
    }

    private static ChannelOptions Read(string json) => JsonSerializer.Deserialize(json, NotificationJson.Default.ChannelOptions)!;
}
