using System.Text;
using Automation.Steps.Secrets;
using Automation.Steps.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Logging;

namespace Automation.Steps.Tests.Secrets;

public sealed class SecretStoreTests
{
    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_secret_is_encrypted_at_rest_listed_without_its_value_replaced_and_removed(DatabaseProvider provider)
    {
        var clock = new ManualClock();
        await using var database = await TestDatabase.CreateAsync(provider, clock);
        var store = new SecretStore(database.Database, new EphemeralDataProtectionProvider(), clock);
        var made = clock.GetUtcNow();

        await store.SetAsync("crm.token", "first-välue", Some.Token);
        var stored = (await database.Database.QueryAsync(new SqlStatement("SELECT protected_value FROM secrets"), Some.Token)).Rows[0][0].AsBlob!;
        clock.Advance(TimeSpan.FromMinutes(1));
        await store.SetAsync("crm.token", "second", Some.Token);

        Assert.DoesNotContain("first", Encoding.UTF8.GetString(stored));
        Assert.Equal("second", await store.ReadAsync("crm.token", Some.Token));
        Assert.Equal([new SecretInfo("crm.token", made, made.AddMinutes(1))], await store.ListAsync(Some.Token));
        Assert.True(await store.DeleteAsync("crm.token", Some.Token));
        Assert.False(await store.DeleteAsync("crm.token", Some.Token));
        await Assert.ThrowsAsync<SecretException>(() => store.ReadAsync("crm.token", Some.Token).AsTask());
    }

    [Fact]
    public async Task Other_keys_do_not_open_it_and_the_error_says_what_to_do()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        await new SecretStore(database.Database, new EphemeralDataProtectionProvider(), TimeProvider.System).SetAsync("a", "value", Some.Token);
        var other = new SecretStore(database.Database, new EphemeralDataProtectionProvider(), TimeProvider.System);
        await other.SetAsync("b", "value", Some.Token);

        var error = await Assert.ThrowsAsync<SecretException>(() => other.ReadAsync("a", Some.Token).AsTask());
        var log = new Collected();
        using var check = new SecretCheck(other, log);
        await check.StartAsync(Some.Token);
        await check.ExecuteTask!;

        Assert.Contains("store it again", error.Message);
        Assert.Equal(["a"], await other.UnreadableAsync(Some.Token));
        Assert.Contains("fail on this server: a. They", Assert.Single(log.Lines));
    }

    [Theory]
    [InlineData("", "x")]
    [InlineData("a b", "x")]
    [InlineData("../a", "x")]
    [InlineData("a", "")]
    public async Task Bad_names_and_values_are_refused(string name, string value)
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);

        await Assert.ThrowsAsync<SecretException>(() => new SecretStore(database.Database, new EphemeralDataProtectionProvider(), TimeProvider.System).SetAsync(name, value, Some.Token));
    }

    private sealed class Collected : ILogger<SecretCheck>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add(formatter(state, exception));
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("  ab  ")]
    public async Task What_is_too_short_to_be_masked_is_refused(string value)
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        var store = new SecretStore(database.Database, new EphemeralDataProtectionProvider(), TimeProvider.System);

        var refused = await Assert.ThrowsAsync<SecretException>(() => store.SetAsync("pin", value, Some.Token));

        Assert.Equal("The value of the secret \"pin\" has fewer than 4 characters. So short a text could not be masked in what other servers repeat.", refused.Message);
        await store.SetAsync("pin", "abcd", Some.Token);
    }
}
