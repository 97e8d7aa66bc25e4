namespace SQLitePCL;

/// <summary>Compares two strings for a collation.</summary>
/// <param name="user_data">What was passed when the collation was made.</param>
/// <param name="s1">The first string.</param>
/// <param name="s2">The second string.</param>
/// <returns>Negative, zero or positive, as the first sorts before, with or after the second.</returns>
public delegate int strdelegate_collation(object? user_data, string s1, string s2);

/// <summary>A user function.</summary>
/// <param name="ctx">Takes the result.</param>
/// <param name="user_data">What was passed when the function was made.</param>
/// <param name="args">The arguments.</param>
public delegate void delegate_function_scalar(sqlite3_context ctx, object? user_data, sqlite3_value[] args);

/// <summary>Adds one row to an aggregate.</summary>
/// <param name="ctx">Carries the state of the group.</param>
/// <param name="user_data">What was passed when the function was made.</param>
/// <param name="args">The arguments.</param>
public delegate void delegate_function_aggregate_step(sqlite3_context ctx, object? user_data, sqlite3_value[] args);

/// <summary>Ends an aggregate. Also called, its result unused, for a group that was given up half way.</summary>
/// <param name="ctx">Carries the state of the group and takes the result.</param>
/// <param name="user_data">What was passed when the function was made.</param>
public delegate void delegate_function_aggregate_final(sqlite3_context ctx, object? user_data);

/// <summary>Told that a transaction was rolled back.</summary>
/// <param name="user_data">What was passed when the hook was set.</param>
public delegate void delegate_rollback(object? user_data);
