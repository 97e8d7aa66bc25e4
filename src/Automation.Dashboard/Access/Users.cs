using System.Text.Json.Serialization;
using Automation.Steps.Editing;
using Automation.Storage;
using Automation.Storage.Access;
using Automation.Storage.Writes;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Automation.Dashboard.Access;

/// <summary>A person who signs in with a password.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What they sign in as.</param>
/// <param name="Role">Their role.</param>
/// <param name="Disabled">Whether they are kept out.</param>
/// <param name="LockedUntil">Until when wrong passwords keep them out.</param>
/// <param name="CreatedAt">When they were added.</param>
/// <param name="SignedInAt">When they last signed in.</param>
public sealed record User(string Id, string Name, Role Role, bool Disabled, DateTimeOffset? LockedUntil, DateTimeOffset CreatedAt, DateTimeOffset? SignedInAt)
{
    /// <summary>Changes with what an administrator decides about them, not with their signing in.</summary>
    [JsonIgnore]
    public string Tag => EntityTags.Of(Id, Name, Role, Disabled);
}

/// <summary>The people who may sign in. Passwords are kept as ASP.NET Core Identity hashes them.</summary>
public sealed class Users(Database database, IOptions<AccessOptions> options, TimeProvider clock)
{
    private const string Columns = "id, name, role, disabled, locked_until, created_at, signed_in_at";

    private static readonly SqlStatement SelectAll = new($"SELECT {Columns} FROM users ORDER BY name_key");
    private static readonly SqlStatement SelectById = new($"SELECT {Columns} FROM users WHERE id = $1");
    private static readonly SqlStatement SelectByName = new($"SELECT {Columns}, password_hash FROM users WHERE name_key = $1");
    private static readonly SqlStatement SelectAdministrator = new("SELECT 1 FROM users WHERE role = 'administrator' LIMIT 1");
    private static readonly SqlStatement SelectAny = new("SELECT 1 FROM users LIMIT 1");
    private static readonly SqlStatement Insert = new("INSERT INTO users (id, name, name_key, password_hash, role, created_at) VALUES ($1, $2, $3, $4, $5, $6)");
    private static readonly SqlStatement Delete = new("DELETE FROM users WHERE id = $1");
    private static readonly SqlStatement SetRole = new("UPDATE users SET role = $2, disabled = $3 WHERE id = $1");
    private static readonly SqlStatement SetPassword = new("UPDATE users SET password_hash = $2, failures = 0, locked_until = NULL WHERE id = $1");
    private static readonly SqlStatement Succeeded = new("UPDATE users SET failures = 0, locked_until = NULL, signed_in_at = $2 WHERE id = $1");
    private static readonly SqlStatement EndSessions = new("DELETE FROM sessions WHERE owner = $1");

    // Counted in the statement, so that guesses at the same time all count.
    private static readonly SqlStatement Failed = new(
        """
        UPDATE users SET
            locked_until = CASE WHEN failures + 1 >= $2 THEN $3 ELSE locked_until END,
            failures = CASE WHEN failures + 1 >= $2 THEN 0 ELSE failures + 1 END
        WHERE id = $1
        """);

    // Changes of administrators go one after another, so that two of them cannot remove each other.
    private static readonly SemaphoreSlim OneAtATime = new(1);

    private readonly PasswordHasher<string> _hasher = new();
    private readonly Lazy<string> _nobody = new(() => new PasswordHasher<string>().HashPassword("nobody", System.Security.Cryptography.RandomNumberGenerator.GetHexString(32)));

    /// <summary>Whether anybody has been added.</summary>
    public async Task<bool> AnyAsync(CancellationToken cancellationToken) => (await database.QueryAsync(SelectAny, cancellationToken)).Count > 0;

    /// <summary>Whether there is an administrator with a password.</summary>
    public async Task<bool> HasAdministratorAsync(CancellationToken cancellationToken) => (await database.QueryAsync(SelectAdministrator, cancellationToken)).Count > 0;

    /// <summary>All users, by name.</summary>
    public async Task<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(SelectAll, cancellationToken)).Rows.Select(Read)];

    /// <summary>A user; null where there is none of that id.</summary>
    public async Task<User?> FindAsync(string id, CancellationToken cancellationToken) =>
        (await database.QueryAsync(SelectById, cancellationToken, id)).Rows is [var row] ? Read(row) : null;

    /// <summary>A user by name, without regard to case; null where there is none.</summary>
    public async Task<User?> FindByNameAsync(string name, CancellationToken cancellationToken) =>
        (await database.QueryAsync(SelectByName, cancellationToken, Key(name))).Rows is [var row] ? Read(row) : null;

    /// <summary>Adds a user.</summary>
    /// <exception cref="AccessException">Name or password are not allowed, or the name is taken.</exception>
    public async Task<User> CreateAsync(string? name, string? password, Role role, CancellationToken cancellationToken)
    {
        name = name?.Trim() ?? "";
        if (name.Length is 0 or > 64 || name.Any(char.IsControl))
            throw new AccessException("A user needs a name of 1 to 64 characters.");
        Check(password, name);
        var now = clock.GetUtcNow();
        var user = new User(Guid.CreateVersion7(now).ToString(), name, role, Disabled: false, null, now, null);
        try
        {
            var unit = new WriteUnit().AddExpectingOne(Insert, user.Id, name, Key(name), _hasher.HashPassword(user.Id, password!), role.Text(), SqlValue.Micros(now));
            await database.CommitAsync(unit, cancellationToken: cancellationToken);
        }
        catch (WriteConflictException)
        {
            throw new AccessException($"There is a user named \"{name}\" already.");
        }

        return user;
    }

    /// <summary>Changes what a user may do. It counts for their open sessions at once.</summary>
    /// <returns>The user; null where there is none of that id.</returns>
    /// <exception cref="AccessException">Nobody would be left to administer the server.</exception>
    public async Task<User?> ChangeAsync(string id, Role? role, bool? disabled, CancellationToken cancellationToken)
    {
        await OneAtATime.WaitAsync(cancellationToken);
        try
        {
            if (await FindAsync(id, cancellationToken) is not { } user)
                return null;
            var changed = user with { Role = role ?? user.Role, Disabled = disabled ?? user.Disabled };
            if (changed.Disabled || changed.Role != Role.Administrator)
                await KeepAnAdministratorAsync(user, cancellationToken);
            var unit = new WriteUnit().Add(SetRole, id, changed.Role.Text(), changed.Disabled);
            if (changed.Disabled)
                unit.Add(EndSessions, "user:" + id);
            await database.CommitAsync(unit, cancellationToken: cancellationToken);
            return changed;
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    /// <summary>Gives a user another password and ends all their sessions.</summary>
    /// <returns>False where there is no such user.</returns>
    /// <exception cref="AccessException">The password is not allowed.</exception>
    public async Task<bool> SetPasswordAsync(string id, string? password, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is not { } user)
            return false;
        Check(password, user.Name);
        await database.CommitAsync(
            new WriteUnit().Add(SetPassword, id, _hasher.HashPassword(id, password!)).Add(EndSessions, "user:" + id), cancellationToken: cancellationToken);
        return true;
    }

    /// <summary>Gives somebody who is signed in the password that they want; wrong ones count as wrong sign-ins.</summary>
    /// <param name="owner">Who asks: <c>user:ID</c>, or <c>key:ID</c>, which has no password.</param>
    /// <param name="present">The password that they have.</param>
    /// <param name="password">The one that they want.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    /// <exception cref="AccessException">The present password is wrong, or the new one is not allowed.</exception>
    public async Task ChangePasswordAsync(string owner, string? present, string? password, CancellationToken cancellationToken)
    {
        if (!owner.StartsWith("user:", StringComparison.Ordinal) || await FindAsync(owner[5..], cancellationToken) is not { } user)
            throw new AccessException("A key has no password; only people have one.");
        if ((await SignInAsync(user.Name, present, cancellationToken))?.Id != user.Id)
            throw new AccessException("The present password is wrong.");
        await SetPasswordAsync(user.Id, password, cancellationToken);
    }

    /// <summary>Removes a user and ends their sessions.</summary>
    /// <returns>False where there is no such user.</returns>
    /// <exception cref="AccessException">Nobody would be left to administer the server.</exception>
    public async Task<bool> DeleteAsync(string id, CancellationToken cancellationToken)
    {
        await OneAtATime.WaitAsync(cancellationToken);
        try
        {
            if (await FindAsync(id, cancellationToken) is not { } user)
                return false;
            await KeepAnAdministratorAsync(user, cancellationToken);
            await database.CommitAsync(new WriteUnit().Add(Delete, id).Add(EndSessions, "user:" + id), cancellationToken: cancellationToken);
            return true;
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    /// <summary>
    /// Checks a password. Wrong ones in a row lock the user for a while; from outside that looks like a wrong password, and a
    /// name that does not exist takes as long as one that does.
    /// </summary>
    /// <returns>The user; null where name or password are wrong, or the user is locked or disabled.</returns>
    public async Task<User?> SignInAsync(string? name, string? password, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var rows = string.IsNullOrWhiteSpace(name) ? [] : (await database.QueryAsync(SelectByName, cancellationToken, Key(name.Trim()))).Rows;
        if (rows is not [var row])
        {
            _hasher.VerifyHashedPassword("nobody", _nobody.Value, password ?? "");
            return null;
        }

        var user = Read(row);
        var verified = _hasher.VerifyHashedPassword(user.Id, row[7].AsText!, password ?? "");
        if (user.Disabled || user.LockedUntil > now)
            return null;
        if (verified == PasswordVerificationResult.Failed)
        {
            await database.CommitAsync(
                new WriteUnit().Add(Failed, user.Id, options.Value.LockAfterFailures, SqlValue.Micros(now + options.Value.LockFor)), cancellationToken: cancellationToken);
            return null;
        }

        var unit = new WriteUnit().Add(Succeeded, user.Id, SqlValue.Micros(now));
        if (verified == PasswordVerificationResult.SuccessRehashNeeded)
            unit.Add(SetPassword, user.Id, _hasher.HashPassword(user.Id, password!));
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
        return user;
    }

    private async Task KeepAnAdministratorAsync(User user, CancellationToken cancellationToken)
    {
        if (user is not { Role: Role.Administrator, Disabled: false })
            return;
        if (!(await ListAsync(cancellationToken)).Any(u => u.Id != user.Id && u is { Role: Role.Administrator, Disabled: false }))
            throw new AccessException($"\"{user.Name}\" is the only administrator; make somebody else one first.");
    }

    private void Check(string? password, string name)
    {
        if (password is null || password.Length < options.Value.MinPasswordLength || password.Length > 256)
            throw new AccessException($"A password needs {options.Value.MinPasswordLength} to 256 characters.");
        if (password.Equals(name, StringComparison.OrdinalIgnoreCase) || password.Distinct().Count() < 4)
            throw new AccessException("This password is too easy to guess; a few words in a row are a good one.");
    }

    private static string Key(string name) => name.ToLowerInvariant();

    private static User Read(SqlValue[] row) => new(
        row[0].AsText!, row[1].AsText!, ApiKeys.Parse(row[2].AsText!), row[3].AsBoolean, row[4].AsMicrosTime, row[5].AsMicrosTime!.Value, row[6].AsMicrosTime);
}
