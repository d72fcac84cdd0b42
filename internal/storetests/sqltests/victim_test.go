package sqltests_test

func victim(string) int { return 2 }
